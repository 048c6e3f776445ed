// A whole chat in a page: what is said, whether there is a connection, and a box to write.
import { Link } from "./shopwire.js";

const said = document.getElementById("said");
const how = document.getElementById("how");
const form = document.getElementById("write");
const text = document.getElementById("text");
let chat = null;

const link = new Link({
  url: window.SHOP.url,
  token: () => fetch(window.SHOP.token).then((answer) => answer.text()),
  hear(heard) {
    if (heard.type === "welcome") {
      how.textContent = "connected";
      // A page that is loaded anew goes on where the shopper was.
      if (heard.welcome.chat) follow(heard.welcome.chat);
    } else if (heard.type === "cut") {
      how.textContent = heard.final ? "over" : "on its way back";
    } else if (heard.type === "event" && heard.event.kind === "msg") {
      show(heard.event.by, heard.event.body.text);
    } else if (heard.type === "event" && heard.event.kind === "closed") {
      chat = null;
    }
  },
});

function follow(id) {
  if (chat === id) return;
  chat = id;
  link.request("chat.open", { chat: id });
}

// Text is text: what anybody writes is never markup.
function show(by, words) {
  const line = document.createElement("li");
  line.textContent = `${by.startsWith("shopper:") ? "You" : "The shop"}: ${words}`;
  said.append(line);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = text.value;
  text.value = "";
  try {
    if (chat === null) {
      chat = (await link.request("chat.start", { text: words }).done).chat;
    } else {
      await link.request("msg.send", { chat, text: words }).done;
    }
  } catch (refused) {
    how.textContent = refused.code;
    text.value = words;
  }
});

link.start();
