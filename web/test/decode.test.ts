import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { decode } from "../src/sync/decode";

test("what the server says is read", () => {
  deepEqual(decode('{"type":"system","text":"ada joined #lobby","users":["ada"]}'), {
    type: "system", text: "ada joined #lobby", users: ["ada"], count: 1,
  });
  deepEqual(decode('{"type":"system","text":"ada joined #lobby","users":["ada"],"count":201}'), {
    type: "system", text: "ada joined #lobby", users: ["ada"], count: 201,
  });
  deepEqual(decode('{"type":"chat","username":"ada","text":"hi","timestamp":5}'), {
    type: "chat", username: "ada", text: "hi", timestamp: 5,
  });
  deepEqual(decode('{"type":"error","text":"Invalid JSON"}'), { type: "error", text: "Invalid JSON" });
});

test("what has another shape is nothing", () => {
  for (const data of [
    "", "{", "null", "[]", "7", '"chat"', new ArrayBuffer(2), undefined,
    "{}", '{"type":"chat"}', '{"type":"chat","username":"ada","text":"hi"}', '{"type":"chat","username":7,"text":"hi","timestamp":5}',
    '{"type":"error","text":null}', '{"type":"surprise","text":"hi"}', '{"type":"__proto__","text":"hi"}',
  ]) {
    equal(decode(data), null, String(data));
  }
});

test("names that are no text are left out", () => {
  const frame = decode('{"type":"system","text":"","users":["ada",7,null,"grace"],"count":-1}');
  deepEqual(frame, { type: "system", text: "", users: ["ada", "grace"], count: 2 });
});
