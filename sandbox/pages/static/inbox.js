// The pages work without this file; with it they refresh by themselves and stay in place.
(() => {
  "use strict";

  const EVERY = 1500;
  const $ = (id) => document.getElementById(id);
  let version = document.body.dataset.version;
  let shown = { side: $("side").innerHTML, pane: $("pane").innerHTML, modal: $("modal").innerHTML };
  let returnTo = null;

  const say = (words) => {
    $("status").textContent = words;
    if (words) setTimeout(() => { $("status").textContent = ""; }, 6000);
  };

  const toEnd = () => {
    const scroll = $("scroll");
    if (scroll && scroll.classList.contains("talk")) scroll.scrollTop = scroll.scrollHeight;
  };

  const atEnd = () => {
    const scroll = $("scroll");
    return scroll && scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;
  };

  // What a person opened, scrolled to or focused must survive a refresh.
  const keepingPlace = (change) => {
    const opened = [...document.querySelectorAll("details[open][id]")].map((each) => each.id);
    const stay = atEnd();
    const top = $("scroll") ? $("scroll").scrollTop : 0;
    const focused = document.activeElement && document.activeElement.id;
    const around = document.activeElement && document.activeElement.closest("article[id]");
    change();
    opened.forEach((id) => { if ($(id)) $(id).open = true; });
    if ($("scroll")) $("scroll").scrollTop = top;
    if (stay) toEnd();
    // A button that is gone hands its focus to the message it stood in.
    const again = (focused && $(focused)) || (around && $(around.id));
    if (again && document.activeElement !== again) again.focus({ preventScroll: true });
  };

  const busy = (part) => {
    const active = document.activeElement;
    return active && part.contains(active) && active.matches("select, input, textarea");
  };

  const showModal = (html) => {
    const before = document.querySelector(".modal");
    if (html === shown.modal) return;
    shown.modal = html;
    if (!before) returnTo = document.activeElement;
    $("modal").innerHTML = html;
    const first = document.querySelector(".modal-body :is(input, select, textarea, button)")
      || document.querySelector(".modal footer button");
    if (first) first.focus();
    else if (returnTo && document.contains(returnTo)) returnTo.focus();
  };

  const show = (parts) => {
    version = parts.version;
    keepingPlace(() => {
      for (const name of ["side", "pane"]) {
        if (parts[name] !== shown[name] && !busy($(name))) {
          shown[name] = parts[name];
          // A mail's frame would load anew and flicker; a mail never changes.
          if (name === "pane" && $("pane").querySelector("iframe")) continue;
          $(name).innerHTML = parts[name];
        }
      }
    });
    showModal(parts.modal);
  };

  const refresh = async () => {
    const address = new URL(location.href);
    address.searchParams.set("live", version);
    const answer = await fetch(address, { cache: "no-store" });
    if (answer.status === 200) show(await answer.json());
  };

  const poll = async () => {
    try {
      if (!document.hidden) await refresh();
    } catch { /* The server is restarting; the next round will tell. */ }
    setTimeout(poll, EVERY);
  };

  const confirmed = (form) => new Promise((done) => {
    if (!form.dataset.confirm) { done(true); return; }
    const asked = JSON.parse(form.dataset.confirm);
    const dialog = document.createElement("dialog");
    dialog.className = "confirm";
    dialog.setAttribute("aria-labelledby", "confirm-title");
    const add = (name, text, more = {}, to = dialog) => {
      const made = Object.assign(document.createElement(name), { textContent: text }, more);
      to.append(made);
      return made;
    };
    add("h2", asked.title, { id: "confirm-title" });
    add("p", asked.text);
    const choices = add("div", "");
    add("button", asked.deny, {
      className: "button", onclick: () => dialog.close("no"),
    }, choices);
    add("button", asked.confirm, {
      className: `button ${asked.style}`, onclick: () => dialog.close("yes"),
    }, choices);
    dialog.addEventListener("close", () => { dialog.remove(); done(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });

  const send = async (form, submitter) => {
    if (!(await confirmed(form))) return;
    const fields = new URLSearchParams(new FormData(form));
    if (submitter && submitter.name) fields.append(submitter.name, submitter.value);
    form.classList.add("sending");
    try {
      // Not form.action: a field of that name would hide it.
      const answer = await fetch(form.getAttribute("action"), {
        method: "POST", body: fields, headers: { "X-Inbox": "script" },
      });
      say(answer.ok ? (await answer.json()).note : await answer.text());
      if (!form.matches(".modal")) form.reset();
      await refresh();
      if (form.dataset.clear !== undefined) toEnd();
    } catch {
      say("The sandbox could not be reached.");
    } finally {
      form.classList.remove("sending");
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.native !== undefined) return;
    event.preventDefault();
    if (document.activeElement && document.activeElement.matches("select")) {
      document.activeElement.blur();
    }
    send(form, event.submitter);
  });

  document.addEventListener("change", (event) => {
    if (event.target.dataset.auto !== undefined && event.target.form) {
      event.target.blur();
      event.target.form.requestSubmit();
    }
  });

  document.addEventListener("click", (event) => {
    const quick = event.target.closest("[data-line]");
    if (quick) {
      const field = document.querySelector(".composer input[name=text]");
      field.value = `${quick.dataset.line} `;
      field.focus();
    }
    const link = event.target.closest("a[data-fire]");
    if (link && link.closest("form")) send(link.closest("form"), null);
  });

  document.addEventListener("keydown", (event) => {
    const modal = document.querySelector(".modal");
    if (!modal || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") modal.querySelector("button[value=close]").click();
    if (event.key !== "Tab") return;
    const stops = [...modal.querySelectorAll("button, input:not([type=hidden]), select, textarea, a")]
      .filter((each) => each.tabIndex >= 0);
    const [first, last] = [stops[0], stops[stops.length - 1]];
    const leaving = event.shiftKey ? document.activeElement === first : document.activeElement === last;
    if (leaving || !modal.contains(document.activeElement)) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  });

  toEnd();
  // Soon the first time: an app that was just told of a visit answers within the second.
  setTimeout(poll, EVERY / 4);
})();
