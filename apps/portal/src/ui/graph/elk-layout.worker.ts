// The layout engine, off the main thread: a few hundred nodes would freeze the page for seconds.
import "elkjs/lib/elk-worker.min.js";
