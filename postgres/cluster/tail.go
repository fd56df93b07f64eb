package cluster

import (
	"bytes"
	"io"
	"sync"
)

// tailSize is enough for the last dozens of lines of a log.
const tailSize = 4 << 10

// tail passes on what is written and remembers the end of it, to be shown when the program that wrote it fails.
type tail struct {
	to io.Writer

	mu   sync.Mutex
	kept []byte
}

// Write never fails: a log that cannot be written must not stop the server that writes it.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailSize; over > 0 {
		t.kept = append([]byte(nil), t.kept[over:]...)
	}
	_, _ = t.to.Write(p)
	return len(p), nil
}

// String is the end of what was written, without surrounding white space.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.kept))
}
