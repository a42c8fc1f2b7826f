import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { clientAddressRule, plainAddress, trustedProxyRule } from "./client-address.ts";

describe("plainAddress", () => {
  it.each([
    ["10.0.0.1", "10.0.0.1"],
    ["10.0.0.1:443", "10.0.0.1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::FFFF:10.0.0.1", "10.0.0.1"],
    ["[::ffff:10.0.0.1]:443", "10.0.0.1"],
    ["2001:DB8::1", "2001:db8::1"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    [" 10.0.0.1 ", "10.0.0.1"],
  ])("%s is %s", (text, address) => assert.equal(plainAddress(text), address));

  it.each(["", "unknown", "10.0.0.256", "10.0.0.1, 10.0.0.2", "evil.example", "10.0.0.1:x"])("%s is none", (text) =>
    assert.equal(plainAddress(text), undefined),
  );
});

describe("clientAddressRule", () => {
  const address = clientAddressRule(trustedProxyRule(["10.0.0.7", "192.168.0.0/16", "2001:db8::/32"]));

  it("is each peer's own, however many there were between two calls", () => {
    const peers = Array.from({ length: 2_500 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
    for (const peer of [...peers, ...peers]) assert.equal(address(`::ffff:${peer}`, undefined), peer);
  });

  it("is the peer where nobody says otherwise", () => {
    assert.equal(address("::ffff:10.1.2.3", undefined), "10.1.2.3");
    assert.equal(address(undefined, undefined), "unknown");
    assert.equal(address(undefined, "8.8.8.8"), "unknown");
  });

  it.each(["10.0.0.7", "::ffff:192.168.3.4", "2001:db8:1::9"])("believes the proxy %s", (peer) => {
    assert.equal(address(peer, "8.8.8.8"), "8.8.8.8");
    assert.equal(address(peer, "2001:4860::8888"), "2001:4860::8888");
  });

  it.each(["10.0.0.8", "192.169.0.1", "2001:db9::1", "127.0.0.1"])("does not believe %s", (peer) =>
    assert.equal(address(peer, "8.8.8.8"), peer),
  );

  it("does not believe a proxy that names no address", () => {
    for (const text of ["", "localhost", "8.8.8.8, 9.9.9.9", "<script>"])
      assert.equal(address("10.0.0.7", text), "10.0.0.7");
  });

  it.each(["proxy.example", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/", "10.0.0.0/8/8", "::/129", "10.0.0.0/-1", ""])(
    'refuses the setting "%s"',
    (entry) => assert.throws(() => trustedProxyRule([entry]), /neither an address nor a range/),
  );
});
