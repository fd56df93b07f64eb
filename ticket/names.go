package ticket

import (
	"fmt"
	"strings"
)

// names pairs the small integers of one kind with the words that reach histories, rows and the API. A word that
// once left the process is never changed; new ones are appended.
type names[T ~uint8] struct {
	noun  string
	words []string // index is the value; index 0 is the absent value
}

func (n names[T]) text(v T) string {
	if int(v) >= len(n.words) {
		return fmt.Sprintf("%s(%d)", n.noun, v)
	}
	return n.words[v]
}

func (n names[T]) parse(s string) (T, error) {
	for i, w := range n.words {
		if w == s {
			return T(i), nil
		}
	}
	return 0, &Error{Code: Invalid, Message: fmt.Sprintf("%q is not a %s; use one of %s", s, n.noun, strings.Join(n.words[1:], ", "))}
}

// read reads a word from a row or a history. One that is not known was written by a newer program: that is nobody's
// fault, and no other program's word is ever refused for it.
func (n names[T]) read(b []byte) (T, error) {
	for i, w := range n.words {
		if w == string(b) {
			return T(i), nil
		}
	}
	return 0, &Error{Code: Newer, Message: fmt.Sprintf("%q is not a %s that this program knows; leave it to a newer one", b, n.noun)}
}

func (n names[T]) all() []T {
	out := make([]T, 0, len(n.words)-1)
	for i := 1; i < len(n.words); i++ {
		out = append(out, T(i))
	}
	return out
}
