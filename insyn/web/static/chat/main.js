import { copy } from "../clipboard.js";
import { Announcer } from "./announcer.js";
import { Compose } from "./compose.js";
import { Conversation } from "./conversation.js";
import { disclosure } from "./disclosure.js";
import { button } from "./element.js";
import { asText, download, spoken } from "./export.js";
import { Follow } from "./follow.js";
import { Log } from "./log.js";
import { session } from "./session.js";

const THINKING_MS = 300;
const SLOW_MS = 7_000;
const TITLE = document.title;

const at = (id) => document.getElementById(id);
const announcer = new Announcer(at("announcer"));
const announce = (text) => announcer.say(text);
const follow = new Follow(at("scroller"), at("newer"));

const log = new Log(at("log"), {
  announce,
  choose({ id, title }) {
    compose.focus();
    say({ choice: id, text: title });
  },
  rate: (id, value) => conversation.rate(id, value),
  async save({ path }) {
    try {
      download(await conversation.file(path), `insyn-om-dig.${path.split(".").pop()}`);
      return "";
    } catch (error) {
      return error.message || "Filen gick inte att hämta. Försök igen.";
    }
  },
});

const compose = new Compose(at("compose"), at("counter"), Number(at("chat").dataset.limitBytes), {
  announce,
  send: (text) => say({ text }),
});

const conversation = new Conversation(log, {
  arrived(records) {
    const messages = records.filter(({ message }) => message);
    if (!messages.length) return;
    // Read from the question on when the answer comes right under it.
    const before = log.records[log.records.indexOf(messages[0]) - 1];
    if (before) follow.arrived(before.author === "person" ? before.node : messages[0].node);
    for (const { message } of messages) announce(spoken(message));
    if (document.hidden) document.title = `Nytt svar – ${TITLE}`;
    settle();
  },
  restored() {
    settle();
    follow.end();
  },
  delivery,
  refused(item, { message }) {
    thinking.stop();
    const why = message || "Meddelandet kunde inte tas emot.";
    if (item.choice) log.reopen(item.choice);
    log.delivery(item.key, `Skickades inte. ${why}`, item.choice ? null : edit(item));
    announce(`Meddelandet skickades inte. ${why}`);
  },
  changed(state, { why, message, texts = [] }) {
    at("chat").dataset.state = state;
    if (state === "open" || state === "opening") notice();
    if (state === "unreachable") notice(message || "Jag får ingen kontakt med tjänsten just nu.", "Försök igen", () => conversation.open());
    if (state === "over") over(why, texts);
    settle();
  },
});

/** The signal that an answer is being looked for, once it takes longer than a blink. */
const thinking = {
  timers: [],
  start() {
    this.stop();
    this.timers = [
      setTimeout(() => {
        log.thinking(true);
        follow.glimpse(at("log").lastElementChild);
      }, THINKING_MS),
      setTimeout(() => {
        log.thinking(true, "Det tar lite längre än vanligt");
        announce("Det tar lite längre än vanligt. Insyn letar fram ett svar.");
      }, SLOW_MS),
    ];
  },
  stop() {
    this.timers.forEach(clearTimeout);
    log.thinking(false);
  },
};

function say(what) {
  at("starters").hidden = true;
  conversation.say(what);
  follow.end();
}

function delivery(item, name, { seconds, message } = {}) {
  if (name === "sending") thinking.start();
  else thinking.stop();
  const soon = seconds === 1 ? "om en sekund" : `om ${seconds} sekunder`;
  const text = {
    unopened: "Skickas så snart jag har kontakt.",
    offline: "Du är inte ansluten. Jag skickar när nätet är tillbaka.",
    waiting: `Det gick inte den här gången. Jag försöker igen ${soon}.`,
    slow: `Det kom många meddelanden på kort tid. Jag skickar igen ${soon}.`,
    stalled: message || "Jag får inget svar just nu. Ditt meddelande ligger kvar här.",
  }[name];
  const again = name === "stalled" ? button({ class: "button" }, () => retry(), "Försök igen") : null;
  log.delivery(item.key, text, again);
  if (name === "offline" || name === "slow" || name === "stalled") announce(text);
  if (text) follow.glimpse(log.find(item.key).node);
}

function retry() {
  conversation.retry();
  compose.focus();
}

function edit(item) {
  return button({ class: "button quiet" }, () => {
    log.remove(item.key);
    compose.giveBack([item.text]);
    compose.focus();
  }, "Ändra texten");
}

function over(why, texts) {
  thinking.stop();
  if (why === "erased") {
    compose.text = "";
    notice("Din chatt är raderad.", "Börja ett nytt samtal", restart);
  } else {
    compose.giveBack(texts);
    const kept = compose.text ? " Det du har skrivit ligger kvar i skrivfältet." : "";
    notice(`Det här samtalet finns inte längre. Det kan ha raderats eller blivit för gammalt.${kept}`, "Börja ett nytt samtal", restart);
  }
}

function restart() {
  compose.focus();
  conversation.beginAgain();
}

function notice(text = "", action = "", press = null) {
  at("notice").hidden = !text;
  at("notice-text").textContent = text;
  at("notice-action").textContent = action;
  at("notice-action").onclick = press;
  if (!text) return;
  announce(text);
  follow.glimpse(at("notice"));
}

/** Suits what stands around the log to what is in it. */
function settle() {
  at("starters").hidden = conversation.state !== "open" || log.hasPerson;
  at("menu-toggle").hidden = conversation.state === "over";
  if (conversation.state === "over") showMenu(false);
  compose.expect(log.records.findLast(({ author }) => author === "insyn")?.message.expects);
}

for (const node of document.querySelectorAll("[data-say]")) {
  node.addEventListener("click", () => {
    compose.focus();
    say({ text: node.textContent.trim() });
  });
}

disclosure(at("about-toggle"), (open) => at("about").toggleAttribute("data-open", open));
const showMenu = disclosure(at("menu-toggle"), (open) => (at("menu").hidden = !open));

function closeMenu() {
  showMenu(false);
  at("menu-toggle").focus({ preventScroll: true });
}

at("copy-transcript").addEventListener("click", async () => {
  const done = await copy(asText(log.records));
  closeMenu();
  flash(done ? "Samtalet är kopierat." : "Det gick inte att kopiera. Ladda ner samtalet i stället.");
});

at("download-transcript").addEventListener("click", () => {
  download(asText(log.records), `insyn-${new Date().toLocaleDateString("sv-SE")}.txt`);
  closeMenu();
  flash("Samtalet laddas ner.");
});

/** A word beside the menu that goes away by itself. */
function flash(text) {
  const label = at("menu-toggle").firstElementChild;
  label.textContent = text;
  announce(text);
  setTimeout(() => (label.textContent = "Samtalet"), 4000);
}

const dialog = at("erase-dialog");
at("erase").addEventListener("click", () => {
  closeMenu();
  at("erase-error").hidden = true;
  dialog.showModal();
});
at("erase-keep").addEventListener("click", () => dialog.close());
at("erase-confirm").addEventListener("click", async () => {
  try {
    await conversation.erase();
  } catch (error) {
    at("erase-error").textContent = error.message || "Det gick inte att radera just nu. Inget är borttaget. Försök igen om en stund.";
    at("erase-error").hidden = false;
    return;
  }
  dialog.close();
  at("notice-action").focus({ preventScroll: true });
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.title = TITLE;
});

if (session.get("draft")) compose.focus();
conversation.open();
