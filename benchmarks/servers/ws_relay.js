// A relay on ws, as its documentation writes one; compression off, as for all peers.
const { WebSocketServer } = require("ws");

const chats = new Map();

function join(name, socket) {
  const chat = chats.get(name) ?? new Set();
  chats.set(name, chat.add(socket));
  return chat;
}

function relay(chat, role, socket, received) {
  const { id, body } = JSON.parse(received);
  const message = JSON.stringify({ t: "msg", from: role, body });
  for (const other of chat) if (other !== socket) other.send(message);
  socket.send(JSON.stringify({ t: "ack", id }));
}

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  perMessageDeflate: false,
  backlog: 4096,
});
server.on("connection", (socket, request) => {
  const asked = new URL(request.url, "http://localhost").searchParams;
  const name = asked.get("chat");
  const chat = join(name, socket);
  socket.on("message", (data) => relay(chat, asked.get("role"), socket, data));
  socket.on("close", () => chat.delete(socket) && chat.size || chats.delete(name));
  socket.on("error", () => {});
});
