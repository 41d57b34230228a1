// Light or dark: the reader's choice is kept; without one the page follows the system.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const chosen = () => {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null; // storage is closed to this page
  }
};
system.addEventListener("change", () => {
  if (!chosen()) root.dataset.theme = system.matches ? "dark" : "light";
});
for (const button of document.querySelectorAll("button.theme")) {
  button.addEventListener("click", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // the choice holds for this page
    }
  });
}
