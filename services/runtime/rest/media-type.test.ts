import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { bodyForm } from "./media-type.ts";

const formOf = (type: string | undefined, isStream: boolean) =>
  bodyForm(type === undefined ? {} : { "content-type": type }, isStream);

describe("bodyForm", () => {
  it.each([
    undefined,
    "",
    "application/json",
    "APPLICATION/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "application/json ; charset=utf8; a=b",
    "text/plain;charset=UTF-8",
    "text/json; charset=us-ascii",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "application/vnd.api+json",
    "application/problem+json",
  ])("%s is JSON", (type) => {
    assert.equal(formOf(type, false), "json");
    assert.equal(formOf(type, true), "json");
  });

  it.each(["application/x-ndjson", "application/jsonlines", "application/x-jsonlines; charset=utf-8"])(
    "%s is lines, where a call takes a stream",
    (type) => {
      assert.equal(formOf(type, true), "json_lines");
      assert.throws(() => formOf(type, false), { httpStatus: 415, message: /; it must be application\/json$/ });
    },
  );

  it.each([
    "application/xml",
    "text/html",
    "multipart/form-data; boundary=x",
    "application/x-protobuf",
    "application/grpc",
    "application/grpc+json",
    "application/grpc-web+json",
    "application/jsonp",
    "nonsense",
    "application/json, text/xml",
    "application/json; charset=utf-16",
    "text/plain; charset=iso-8859-1",
  ])("%s is 415", (type) => {
    for (const isStream of [false, true]) assert.throws(() => formOf(type, isStream), { httpStatus: 415 });
  });
});
