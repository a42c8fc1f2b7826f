// For `node --import`: tells on standard error which modules are loaded that take long to load.
import { registerHooks } from "node:module";

registerHooks({
  load(url, context, nextLoad) {
    if (/\/(gen\/logpulse|@bufbuild|@connectrpc|@grpc)\//.test(url)) process.stderr.write(`HEAVY ${url}\n`);
    return nextLoad(url, context);
  },
});
