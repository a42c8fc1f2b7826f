/**
 * What small programs really wrote when something went wrong in them, on Java 17, Node 26, Python 3.11 and Go 1.26; only
 * the folders have other names, and of the longest ones some goroutines and frames are left out.
 */
export const STACK_TRACES: Readonly<Record<string, string>> = {
  "Java: an exception with a message of several lines, and its cause": `Exception in thread "main" Shop$OutOfStock: cannot order
item: pen
count: 3
	at Shop.order(Shop.java:7)
	at Shop.main(Shop.java:12)
Caused by: java.lang.IllegalArgumentException: no item number 0
	at Shop.take(Shop.java:6)
	at Shop.take(Shop.java:6)
	at Shop.take(Shop.java:6)
	at Shop.take(Shop.java:6)
	... 2 more`,

  "Java: a suppressed exception": `Exception in thread "main" java.io.IOException: read failed
	at Shop.withSuppressed(Shop.java:8)
	at Shop.main(Shop.java:13)
	Suppressed: java.lang.IllegalStateException: shelf is stuck
		at Shop$Shelf.close(Shop.java:5)
		... 2 more`,

  "Java: a circular cause": `Exception in thread "main" java.lang.Exception: a
	at Shop.main(Shop.java:17)
Caused by: java.lang.Exception: b
	... 1 more
Caused by: [CIRCULAR REFERENCE: java.lang.Exception: a]`,

  "Java: an exception of a thread": `Exception in thread "worker 7" Shop$OutOfStock: cannot order
item: pen
count: 3
	at Shop.order(Shop.java:7)
	at Shop.lambda$main$0(Shop.java:14)
	at java.base/java.lang.Thread.run(Thread.java:840)
Caused by: java.lang.IllegalArgumentException: no item number 0
	at Shop.take(Shop.java:6)
	at Shop.take(Shop.java:6)
	at Shop.take(Shop.java:6)
	at Shop.take(Shop.java:6)
	... 3 more`,

  "Java: printStackTrace": `Shop$OutOfStock: cannot order
item: pen
count: 3
	at Shop.order(Shop.java:7)
	at Shop.main(Shop.java:15)
Caused by: java.lang.IllegalArgumentException: no item number 0
	at Shop.take(Shop.java:6)
	at Shop.take(Shop.java:6)
	at Shop.take(Shop.java:6)
	at Shop.take(Shop.java:6)
	... 2 more`,

  "Java: without a message": `Exception in thread "main" java.lang.UnsupportedOperationException
	at Shop$1.lambda$f$0(Shop.java:20)
	at Shop$1.f(Shop.java:20)
	at Shop.main(Shop.java:20)`,

  "Node: an uncaught error with a cause": `file:///app/main.mjs:4
const outer = () => { try { inner(); } catch (cause) { throw new Error("could not do it", { cause }); } };
                                                             ^

Error: could not do it
    at outer (file:///app/main.mjs:4:62)
    at file:///app/main.mjs:6:27
    ... 2 lines matching cause stack trace ...
    at async asyncRunEntryPointWithESMLoader (node:internal/modules/run_main:105:5) {
  [cause]: RangeError: limit is 3
      at inner (file:///app/main.mjs:3:29)
      at outer (file:///app/main.mjs:4:29)
      at file:///app/main.mjs:6:27
      at ModuleJob.run (node:internal/modules/esm/module_job:569:25)
      at async node:internal/modules/esm/loader:650:26
      at async asyncRunEntryPointWithESMLoader (node:internal/modules/run_main:105:5)
}

Node.js v26.10.0`,

  "Node: a rejected promise, with properties": `file:///app/main.mjs:7
if (which === "rejection") await Promise.reject(Object.assign(new Error("refused"), { code: "E_REFUSED", details: { port: 1, hosts: ["a", "b"] } }));
                                                              ^

Error: refused
    at file:///app/main.mjs:7:63
    at ModuleJob.run (node:internal/modules/esm/module_job:569:25)
    at async node:internal/modules/esm/loader:650:26
    at async asyncRunEntryPointWithESMLoader (node:internal/modules/run_main:105:5) {
  code: 'E_REFUSED',
  details: { port: 1, hosts: [ 'a', 'b' ] }
}

Node.js v26.10.0`,

  "Node: a promise rejected with nothing": `node:internal/process/promises:322
      new UnhandledPromiseRejection(reason);
      ^

UnhandledPromiseRejection: This error originated either by throwing inside of an async function without a catch block, or by rejecting a promise which was not handled with .catch(). The promise rejected with the reason "undefined".
    at throwUnhandledRejectionsMode (node:internal/process/promises:322:7)
    at processPromiseRejections (node:internal/process/promises:405:17)
    at process.processTicksAndRejections (node:internal/process/task_queues:106:37) {
  code: 'ERR_UNHANDLED_REJECTION'
}

Node.js v26.10.0`,

  "Node: a text that was thrown": `node:internal/modules/run_main:111
    triggerUncaughtException(
    ^
only a text
(Use \`node --trace-uncaught ...\` to show where the exception was thrown)

Node.js v26.10.0`,

  "Node: an assertion": `node:internal/modules/run_main:111
    triggerUncaughtException(
    ^

AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:

1 !== 2

    at file:///app/main.mjs:11:33
    at ModuleJob.run (node:internal/modules/esm/module_job:569:25)
    at async node:internal/modules/esm/loader:650:26
    at async asyncRunEntryPointWithESMLoader (node:internal/modules/run_main:105:5) {
  generatedMessage: true,
  code: 'ERR_ASSERTION',
  actual: 1,
  expected: 2,
  operator: 'strictEqual',
  diff: 'simple'
}

Node.js v26.10.0`,

  "Node: an assertion of objects": `node:internal/modules/run_main:111
    triggerUncaughtException(
    ^

AssertionError [ERR_ASSERTION]: Expected values to be strictly deep-equal:
+ actual - expected

  {
+   a: 1,
-   a: 2,
    b: [
      1,
+     2
-     3
    ]
  }

    at file:///app/main.mjs:10:32
    at ModuleJob.run (node:internal/modules/esm/module_job:569:25)
    at async node:internal/modules/esm/loader:650:26
    at async asyncRunEntryPointWithESMLoader (node:internal/modules/run_main:105:5) {
  generatedMessage: true,
  code: 'ERR_ASSERTION',
  actual: { a: 1, b: [ 1, 2 ] },
  expected: { a: 2, b: [ 1, 3 ] },
  operator: 'deepStrictEqual',
  diff: 'simple'
}

Node.js v26.10.0`,

  "Node: several errors in one": `file:///app/main.mjs:12
if (which === "aggregate") throw new AggregateError([new Error("one\\nof two lines"), new TypeError("two")], "both failed");
                                 ^

AggregateError: both failed
    at file:///app/main.mjs:12:34
    at ModuleJob.run (node:internal/modules/esm/module_job:569:25)
    at async node:internal/modules/esm/loader:650:26
    at async asyncRunEntryPointWithESMLoader (node:internal/modules/run_main:105:5) {
  [errors]: [
    Error: one
    of two lines
        at file:///app/main.mjs:12:54
        at ModuleJob.run (node:internal/modules/esm/module_job:569:25)
        at async node:internal/modules/esm/loader:650:26
        at async asyncRunEntryPointWithESMLoader (node:internal/modules/run_main:105:5),
    TypeError: two
        at file:///app/main.mjs:12:86
        at ModuleJob.run (node:internal/modules/esm/module_job:569:25)
        at async node:internal/modules/esm/loader:650:26
        at async asyncRunEntryPointWithESMLoader (node:internal/modules/run_main:105:5)
  ]
}

Node.js v26.10.0`,

  "Node: a command that failed": `node:internal/errors:999
  const err = new Error(message);
              ^

Error: Command failed: sh -c 'echo one >&2; echo two >&2; exit 3'
one
two

    at genericNodeError (node:internal/errors:999:15)
    at wrappedFn (node:internal/errors:544:14)
    at checkExecSyncError (node:child_process:943:11)
    at execSync (node:child_process:1015:15)
    at file:///app/main.mjs:14:23
    at ModuleJob.run (node:internal/modules/esm/module_job:569:25)
    at async node:internal/modules/esm/loader:650:26
    at async asyncRunEntryPointWithESMLoader (node:internal/modules/run_main:105:5) {
  status: 3,
  signal: null,
  output: [
    null,
    Buffer(0) [Uint8Array] [],
    Buffer(8) [Uint8Array] [
      111, 110, 101, 10,
      116, 119, 111, 10
    ]
  ],
  pid: 15737,
  stdout: Buffer(0) [Uint8Array] [],
  stderr: Buffer(8) [Uint8Array] [
    111, 110, 101, 10,
    116, 119, 111, 10
  ]
}

Node.js v26.10.0`,

  "Node: a module that is not there": `node:internal/modules/esm/resolve:241
    throw new ERR_MODULE_NOT_FOUND(
          ^

Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/app/no-such-file.mjs' imported from /app/main.mjs
    at finalizeResolution (node:internal/modules/esm/resolve:241:11)
    at moduleResolve (node:internal/modules/esm/resolve:846:10)
    at defaultResolve (node:internal/modules/esm/resolve:973:11)
    at #cachedDefaultResolve (node:internal/modules/esm/loader:708:20)
    at #resolveAndMaybeBlockOnLoaderThread (node:internal/modules/esm/loader:728:38)
    at ModuleLoader.resolveSync (node:internal/modules/esm/loader:766:56)
    at #resolve (node:internal/modules/esm/loader:690:17)
    at ModuleLoader.getOrCreateModuleJob (node:internal/modules/esm/loader:610:35)
    at node:internal/modules/esm/loader:639:32
    at TracingChannel.tracePromise (node:diagnostics_channel:551:22) {
  code: 'ERR_MODULE_NOT_FOUND',
  url: 'file:///app/no-such-file.mjs'
}

Node.js v26.10.0`,

  "Node: a syntax error": `file:///app/bad.mjs:1
const a = ;
          ^

SyntaxError: Unexpected token ';'
    at compileSourceTextModule (node:internal/modules/esm/utils:355:16)
    at ModuleLoader.moduleStrategy (node:internal/modules/esm/translators:93:18)
    at #translate (node:internal/modules/esm/loader:441:20)
    at afterLoad (node:internal/modules/esm/loader:509:29)
    at ModuleLoader.loadAndTranslate (node:internal/modules/esm/loader:514:12)
    at #getOrCreateModuleJobAfterResolve (node:internal/modules/esm/loader:567:36)
    at afterResolve (node:internal/modules/esm/loader:614:52)
    at ModuleLoader.getOrCreateModuleJob (node:internal/modules/esm/loader:620:12)
    at node:internal/modules/esm/loader:639:32
    at TracingChannel.tracePromise (node:diagnostics_channel:551:22)

Node.js v26.10.0`,

  "Node: a message of several lines": `file:///app/main.mjs:18
if (which === "multi") { class DbError extends Error {} ; throw new DbError("query failed:\\nselect 1\\n  from x\\nwhere y"); }
                                                                ^

DbError: query failed:
select 1
  from x
where y
    at file:///app/main.mjs:18:65
    at ModuleJob.run (node:internal/modules/esm/module_job:569:25)
    at async node:internal/modules/esm/loader:650:26
    at async asyncRunEntryPointWithESMLoader (node:internal/modules/run_main:105:5)

Node.js v26.10.0`,

  "Node: an error that was logged, with its cause": `Error: could not do it
    at outer (file:///app/main.mjs:4:62)
    at file:///app/main.mjs:13:55
    ... 2 lines matching cause stack trace ...
    at async asyncRunEntryPointWithESMLoader (node:internal/modules/run_main:105:5) {
  [cause]: RangeError: limit is 3
      at inner (file:///app/main.mjs:3:29)
      at outer (file:///app/main.mjs:4:29)
      at file:///app/main.mjs:13:55
      at ModuleJob.run (node:internal/modules/esm/module_job:569:25)
      at async node:internal/modules/esm/loader:650:26
      at async asyncRunEntryPointWithESMLoader (node:internal/modules/run_main:105:5)
}`,

  "Node: a stack that was logged": `Error: two
lines
    at file:///app/main.mjs:13:133
    at ModuleJob.run (node:internal/modules/esm/module_job:569:25)
    at async node:internal/modules/esm/loader:650:26
    at async asyncRunEntryPointWithESMLoader (node:internal/modules/run_main:105:5)`,

  "Python: an exception": `Traceback (most recent call last):
  File "/app/main.py", line 21, in <module>
    if c == "plain": inner(0)
                     ^^^^^^^^
  File "/app/main.py", line 3, in inner
    return 1 / n
           ~~^~~
ZeroDivisionError: division by zero`,

  "Python: during handling of another": `Traceback (most recent call last):
  File "/app/main.py", line 6, in outer
    inner(0)
  File "/app/main.py", line 3, in inner
    return 1 / n
           ~~^~~
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/main.py", line 22, in <module>
    if c == "during": outer()
                      ^^^^^^^
  File "/app/main.py", line 8, in outer
    return {}["key"]
           ~~^^^^^^^
KeyError: 'key'`,

  "Python: causes, and a message of several lines": `Traceback (most recent call last):
  File "/app/main.py", line 11, in cause
    inner(0)
  File "/app/main.py", line 3, in inner
    return 1 / n
           ~~^~~
ZeroDivisionError: division by zero

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/main.py", line 24, in <module>
    try: cause()
         ^^^^^^^
  File "/app/main.py", line 13, in cause
    raise ValueError("first line\\nsecond line of the message") from e
ValueError: first line
second line of the message

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/main.py", line 25, in <module>
    except ValueError as e: raise RuntimeError("third") from e
                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
RuntimeError: third`,

  "Python: of a thread": `Exception in thread worker-7:
Traceback (most recent call last):
  File "/app/main.py", line 6, in outer
    inner(0)
  File "/app/main.py", line 3, in inner
    return 1 / n
           ~~^~~
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/usr/lib/python3.11/threading.py", line 1045, in _bootstrap_inner
    self.run()
  File "/usr/lib/python3.11/threading.py", line 982, in run
    self._target(*self._args, **self._kwargs)
  File "/app/main.py", line 8, in outer
    return {}["key"]
           ~~^^^^^^^
KeyError: 'key'`,

  "Python: logged without a time": `ERROR:root:it failed
Traceback (most recent call last):
  File "/app/main.py", line 6, in outer
    inner(0)
  File "/app/main.py", line 3, in inner
    return 1 / n
           ~~^~~
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/main.py", line 29, in <module>
    try: outer()
         ^^^^^^^
  File "/app/main.py", line 8, in outer
    return {}["key"]
           ~~^^^^^^^
KeyError: 'key'`,

  "Python: a group": `  + Exception Group Traceback (most recent call last):
  |   File "/app/main.py", line 44, in <module>
  |     raise ExceptionGroup("several", [ValueError("one"), ExceptionGroup("inner", [TypeError("two\\nlines"), KeyError("x")])])
  | ExceptionGroup: several (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: one
    +---------------- 2 ----------------
    | ExceptionGroup: inner (2 sub-exceptions)
    +-+---------------- 1 ----------------
      | TypeError: two
lines
      +---------------- 2 ----------------
      | KeyError: 'x'
      +------------------------------------`,

  "Python: of another process": `multiprocessing.pool.RemoteTraceback: 
"""
Traceback (most recent call last):
  File "/usr/lib/python3.11/multiprocessing/pool.py", line 125, in worker
    result = (True, func(*args, **kwds))
                    ^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.11/multiprocessing/pool.py", line 48, in mapstar
    return list(map(*args))
           ^^^^^^^^^^^^^^^^
  File "/app/main.py", line 15, in work
    return inner(x)
           ^^^^^^^^
  File "/app/main.py", line 3, in inner
    return 1 / n
           ~~^~~
ZeroDivisionError: division by zero
"""

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/main.py", line 46, in <module>
    with multiprocessing.Pool(1) as pool: pool.map(work, [0])
                                          ^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.11/multiprocessing/pool.py", line 367, in map
    return self._map_async(func, iterable, mapstar, chunksize).get()
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.11/multiprocessing/pool.py", line 774, in get
    raise self._value
ZeroDivisionError: division by zero`,

  "Python: a recursion": `Traceback (most recent call last):
  File "/app/main.py", line 47, in <module>
    if c == "deep": deep(0)
                    ^^^^^^^
  File "/app/main.py", line 17, in deep
    deep(n + 1)
  File "/app/main.py", line 17, in deep
    deep(n + 1)
  File "/app/main.py", line 17, in deep
    deep(n + 1)
  [Previous line repeated 996 more times]
RecursionError: maximum recursion depth exceeded`,

  "Python: a syntax error": `  File "/app/broken.py", line 2
    b = = 2
        ^
SyntaxError: invalid syntax`,

  "Python: of a finalizer": `Exception ignored in: <function A.__del__ at 0x7f73714fc2c0>
Traceback (most recent call last):
  File "/app/main.py", line 52, in __del__
    def __del__(self): inner(0)
                       ^^^^^^^^
  File "/app/main.py", line 3, in inner
    return 1 / n
           ~~^~~
ZeroDivisionError: division by zero`,

  "Python: without a message": `Traceback (most recent call last):
  File "/app/main.py", line 65, in <module>
    raise Odd()
Odd`,

  "Go: an index out of range": `panic: runtime error: index out of range [3] with length 0

goroutine 1 [running]:
main.(*Order).Item(...)
	/app/g/main.go:17
main.main()
	/app/g/main.go:27 +0x55f
exit status 2`,

  "Go: a nil pointer": `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x8 pc=0x65f9c8]

goroutine 1 [running]:
main.(*Order).Item(...)
	/app/g/main.go:17
main.main()
	/app/g/main.go:30 +0xa8`,

  "Go: of a goroutine, with a message of several lines": `panic: first line
	second line

goroutine 20 [running]:
main.main.func1()
	/app/g/main.go:34 +0x6b
created by main.main in goroutine 1
	/app/g/main.go:34 +0x467`,

  "Go: a panic in a deferred call": `panic: boom [recovered]
	panic: again: boom

goroutine 1 [running]:
main.main.func2()
	/app/g/main.go:37 +0x54
panic({0x6e33a0?, 0x777ae0?})
	/usr/local/go/src/runtime/panic.go:860 +0x13a
main.main()
	/app/g/main.go:38 +0x4a5`,

  "Go: log.Panicln": `panic: cannot listen
	

goroutine 1 [running]:
log.Panicln({0x8ea426c3ef8?, 0x8ea426b06d8?, 0x452e16?})
	/usr/local/go/src/log/log.go:469 +0x6e
main.main()
	/app/g/main.go:54 +0x385`,

  "Go: a deadlock": `fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan send]:
main.main()
	/app/d/main.go:6 +0x3e

goroutine 18 [select (no cases)]:
main.main.func1()
	/app/d/main.go:5 +0xf
created by main.main in goroutine 1
	/app/d/main.go:5 +0x2d`,

  "Go: writes at once": `fatal error: concurrent map writes

goroutine 24 [running]:
internal/runtime/maps.fatal({0x75d016?, 0x0?})
	/usr/local/go/src/runtime/panic.go:1181 +0x18
main.main.func3()
	/app/g/main.go:46 +0x2c
created by main.main in goroutine 1
	/app/g/main.go:46 +0x577`,

  "Go: a stack overflow": `runtime: goroutine stack exceeds 1000000000-byte limit
runtime: sp=0x16a4fc4e0398 stack=[0x16a4fc4e0000, 0x16a51c4e0000]
fatal error: stack overflow

runtime stack:
runtime.throw({0x759f34?, 0xa0e5e0?})
	/usr/local/go/src/runtime/panic.go:1229 +0x48 fp=0x7ffe7bab4548 sp=0x7ffe7bab4518 pc=0x482f48
runtime.newstack()
	/usr/local/go/src/runtime/stack.go:1207 +0x5fd fp=0x7ffe7bab4678 sp=0x7ffe7bab4548 pc=0x468dbd
runtime.morestack()
	/usr/local/go/src/runtime/asm_amd64.s:681 +0x7d fp=0x7ffe7bab4680 sp=0x7ffe7bab4678 pc=0x48891d

goroutine 1 gp=0x16a4dc3841e0 m=0 mp=0xa0f580 [running]:
main.deep(0x2aaaa3d?)
	/app/g/main.go:19 +0x2b fp=0x16a4fc4e03a8 sp=0x16a4fc4e03a0 pc=0x65f90b
main.deep(...)
	/app/g/main.go:19
main.deep(0x0?)
	/app/g/main.go:19 +0x17 fp=0x16a4fc4e03c0 sp=0x16a4fc4e03a8 pc=0x65f8f7
main.deep(...)
main.deep(...)
	/app/g/main.go:19
main.deep(0x0?)
	/app/g/main.go:19 +0x17 fp=0x16a4fc4e05e8 sp=0x16a4fc4e05d0 pc=0x65f8f7
main.deep(...)
	/app/g/main.go:19`,

  "Go: a signal, with registers": `SIGQUIT: quit
PC=0x48bf21 m=0 sigcode=0

goroutine 0 gp=0xa0e5e0 m=0 mp=0xa0f580 [idle]:
runtime.futex(0xa0f6d8, 0x80, 0x0, 0x0, 0x0, 0x0)
	/usr/local/go/src/runtime/sys_linux_amd64.s:569 +0x21 fp=0x7ffce4e71c48 sp=0x7ffce4e71c40 pc=0x48bf21
runtime.futexsleep(0xa0e5e0?, 0xe4e71cc0?, 0x45d9e8?)
	/usr/local/go/src/runtime/os_linux.go:73 +0x30 fp=0x7ffce4e71c98 sp=0x7ffce4e71c48 pc=0x448770
runtime.mcall()
	/usr/local/go/src/runtime/asm_amd64.s:496 +0x55 fp=0x7ffce4e71f88 sp=0x7ffce4e71f70 pc=0x488795

goroutine 1 gp=0x1c350dca81e0 m=nil [sync.Mutex.Lock]:
runtime.gopark(0x492460?, 0xa03990?, 0x0?, 0xc0?, 0xa03994?)
	/usr/local/go/src/runtime/proc.go:462 +0xce fp=0x1c350dceed88 sp=0x1c350dceed68 pc=0x48306e
runtime.goparkunlock(...)
	/usr/local/go/src/runtime/proc.go:468
runtime.semacquire1(0x1c350dd94124, 0x0, 0x3, 0x2, 0x16)
	/usr/local/go/src/runtime/sema.go:192 +0x232 fp=0x1c350dceedf0 sp=0x1c350dceed88 pc=0x4630b2
internal/sync.runtime_SemacquireMutex(0x1c8?, 0x80?, 0x1c350dce0601?)
	/usr/local/go/src/runtime/sema.go:95 +0x25 fp=0x1c350dceee28 sp=0x1c350dceedf0 pc=0x484505
internal/sync.(*Mutex).lockSlow(0x1c350dd94120)
	/usr/local/go/src/internal/sync/mutex.go:149 +0x15d fp=0x1c350dceee78 sp=0x1c350dceee28 pc=0x491dfd
internal/sync.(*Mutex).Lock(...)
	/usr/local/go/src/internal/sync/mutex.go:70
sync.(*Mutex).Lock(...)
	/usr/local/go/src/sync/mutex.go:46
main.main()
	/app/g/main.go:42 +0x3de fp=0x1c350dceef48 sp=0x1c350dceee78 pc=0x65fcfe
runtime.main()
	/usr/local/go/src/runtime/proc.go:290 +0x2d5 fp=0x1c350dceefe0 sp=0x1c350dceef48 pc=0x44eef5
runtime.goexit({})
	/usr/local/go/src/runtime/asm_amd64.s:1771 +0x1 fp=0x1c350dceefe8 sp=0x1c350dceefe0 pc=0x48a3e1
runtime.runCleanups()
	/usr/local/go/src/runtime/mcleanup.go:718 +0x45 fp=0x1c350dcdc7e0 sp=0x1c350dcdc7a0 pc=0x426845
runtime.goexit({})
	/usr/local/go/src/runtime/asm_amd64.s:1771 +0x1 fp=0x1c350dcdc7e8 sp=0x1c350dcdc7e0 pc=0x48a3e1
created by runtime.(*cleanupQueue).createGs in goroutine 1
	/usr/local/go/src/runtime/mcleanup.go:672 +0xa5

rax    0xca
rbx    0x0
rcx    0x48bf23
rdx    0x0
rdi    0xa0f6d8
rsi    0x80
rbp    0x7ffce4e71c88
rsp    0x7ffce4e71c40
r8     0x0
r9     0x0
r10    0x0
r11    0x286
r12    0x7ffce4e71cc0
r13    0x1c350dd9b050
r14    0xa0e5e0
r15    0xffffffffffffffff
rip    0x48bf21
rflags 0x286
cs     0x33
fs     0x0
gs     0x0`,

  "Go: a stack that was printed": `goroutine 1 [running]:
runtime/debug.Stack()
	/usr/local/go/src/runtime/debug/stack.go:26 +0x5e
runtime/debug.PrintStack()
	/usr/local/go/src/runtime/debug/stack.go:18 +0x13
main.main.func4.1()
	/app/g/main.go:60 +0x5f
panic({0x735d20?, 0x2874c10c6108?})
	/usr/local/go/src/runtime/panic.go:860 +0x13a
main.pick[...](...)
	/app/g/main.go:21
main.main.func4()
	/app/g/main.go:63 +0x31
main.main()
	/app/g/main.go:64 +0x285`,

  "Go: a test that takes too long": `panic: test timed out after 1s
	running tests:
		TestSlow (1s)

goroutine 5 [running]:
testing.(*M).startAlarm.func1()
	/usr/local/go/src/testing/testing.go:2802 +0x354
created by time.goFunc
	/usr/local/go/src/time/sleep.go:215 +0x2d

goroutine 1 [chan receive]:
testing.(*T).Run(0x335333208008, {0x64d87b?, 0x0?}, 0x662ac0)
	/usr/local/go/src/testing/testing.go:2109 +0x4e5
testing.runTests.func1(0x335333208008)
	/usr/local/go/src/testing/testing.go:2585 +0x3e
testing.tRunner(0x335333208008, 0x3353331f9c58)
	/usr/local/go/src/testing/testing.go:2036 +0xea
testing.runTests({0x64cc7c, 0x4}, {0x64cc7c, 0x4}, 0x3353331981b0, {0x84a240, 0x2, 0x2}, {0xc2b8d5ff6eb09f3f, 0x3ba8e303, ...})
	/usr/local/go/src/testing/testing.go:2583 +0x505
testing.(*M).Run(0x335333196500)
	/usr/local/go/src/testing/testing.go:2443 +0x6ac
main.main()
	_testmain.go:48 +0x9b

goroutine 20 [sleep]:
time.Sleep(0x12a05f200)
	/usr/local/go/src/runtime/time.go:363 +0x165
shop.TestSlow(0x335333208248?)
	/app/g/main_test.go:7 +0x1d
testing.tRunner(0x335333208248, 0x662ac0)
	/usr/local/go/src/testing/testing.go:2036 +0xea
created by testing.(*T).Run in goroutine 1
	/usr/local/go/src/testing/testing.go:2101 +0x4c5`,
};
