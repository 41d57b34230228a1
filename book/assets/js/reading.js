// What helps while reading: copy a cell, see where one is, reach what scrolls by keyboard.
for (const block of document.querySelectorAll(".cell_input .highlight, .cell .folded .highlight")) {
  if (!navigator.clipboard || block.querySelector(".copy")) continue;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: "Copy" });
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("pre").textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  block.append(button);
}

const links = new Map([...document.querySelectorAll(".sections a")].map((link) => [link.hash.slice(1), link]));
const sections = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
let waiting = false;
function mark() {
  waiting = false;
  const here = sections.findLast((section) => section.getBoundingClientRect().top < innerHeight * 0.35)?.id;
  for (const [id, link] of links) link.classList.toggle("here", id === here);
}
if (sections.length) {
  addEventListener("scroll", () => {
    if (!waiting) requestAnimationFrame(mark);
    waiting = true;
  }, { passive: true });
}

// A box that scrolls sideways has to take the focus, or the keyboard cannot scroll it; one that does not, must not.
const boxes = document.querySelectorAll("article pre, .formula, .plot, .pst-scrollable-table-container, .output.text_html");
const watch = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const box of boxes) watch.observe(box);

// The menu closes when a section of this page was chosen in it.
const contents = document.getElementById("contents");
contents?.addEventListener("click", (event) => {
  if (event.target.closest("a")?.hash && contents.matches(":popover-open")) contents.hidePopover();
});
