// Makes the filter act as one types; without it the Apply button does the same.
"use strict";

const form = document.querySelector("form[data-live]");
let waiting = 0;
let asked = 0;

async function show(address, push) {
  const turn = ++asked;
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok || turn !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of ["#list", ".bands"]) {
    const fresh = page.querySelector(part);
    const stale = document.querySelector(part);
    if (fresh && stale) stale.replaceWith(document.adoptNode(fresh));
  }
  if (push) history.replaceState(null, "", address);
}

const usual = { sort: "score", order: "asc" };

function address() {
  const chosen = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value && value !== usual[name]) chosen.set(name, value);
  }
  const words = chosen.toString();
  return words ? `${form.action}?${words}` : form.action;
}

if (form) {
  form.classList.add("live");
  form.addEventListener("input", (event) => {
    clearTimeout(waiting);
    const pause = event.target.type === "search" ? 180 : 0;
    waiting = setTimeout(() => show(address(), true), pause);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show(address(), true);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      form.q.focus();
    }
    if (event.key === "Escape" && event.target === form.q && form.q.value) {
      form.q.value = "";
      show(address(), true);
    }
  });
}
