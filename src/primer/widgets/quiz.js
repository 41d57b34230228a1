// Questions one at a time, with feedback for every answer. Nothing is counted: any answer may be tried.

/** What screen readers hear, and what stands under the answers, for an answer that was pressed. */
export const feedback = ({ right, why }) => `${right ? "✓ Yes." : "✗ Not this one."} ${why}`;

/** One question with its answers. All feedback lies in one place, so that the tallest keeps its room. */
function questionPart(parent, { question, answers }, number, count) {
  const head = make("p", { class: "quiz-count" }, `Question ${number} of ${count}`);
  const text = make("p", { class: "quiz-question" }, question);
  const list = make("div", { class: "quiz-answers", role: "group", "aria-label": question });
  const prompt = make("p", { class: "shown" }, "Press an answer to see what speaks for or against it.");
  const place = make("div", { class: "quiz-why" }, prompt);
  const part = make("div", { class: "quiz-part" }, head, text, list, place);
  parent.append(part);
  const turn = (why) => [...place.children].forEach((one) => one.classList.toggle("shown", one === why));
  const marks = answers.map((answer) => {
    const kind = answer.right ? "right" : "wrong";
    const why = place.appendChild(make("p", { class: kind }, feedback(answer)));
    const mark = make("span", { class: "mark" });
    const press = button(list, mark, () => {
      press.classList.add(kind);
      mark.textContent = answer.right ? "✓" : "✗";
      turn(why);
      announce(parent, feedback(answer));
    });
    press.append(make("span", {}, answer.text));
    return mark;
  });
  return {
    part,
    reset() {
      turn(prompt);
      for (const mark of marks) {
        mark.textContent = "";
        mark.parentElement.classList.remove("right", "wrong");
      }
    },
  };
}

function render({ model, el }) {
  const questions = model.get("questions");
  const box = root(el, "quiz", "A quick quiz");
  const { stage, controls, numbers, tryLine } = card(box);
  numbers.remove();
  tryLine.remove();
  const pile = stage.appendChild(make("div", { class: "quiz" }));
  const parts = questions.map((question, i) => questionPart(pile, question, i + 1, questions.length));
  let now = 0;
  const back = button(controls, "Back", () => go(now - 1));
  const next = button(controls, "Next question", () => {
    if (now + 1 < parts.length) return go(now + 1);
    for (const { reset } of parts) reset();
    go(0);
  });
  function go(to, quiet) {
    now = to;
    parts.forEach(({ part }, i) => part.classList.toggle("shown", i === now));
    back.disabled = now === 0;
    next.textContent = now + 1 < parts.length ? "Next question" : "Start again";
    if (!quiet) announce(pile, `Question ${now + 1} of ${parts.length}: ${questions[now].question}`);
  }
  go(0, true);
  return () => dispose(box);
}

export default { render };
