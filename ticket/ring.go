package ticket

import "strings"

// The longest names and ids that are passed on: whatever is longer is nobody's, and must not fill histories or rows.
const (
	LongestSignal = 100 // letters of a signal's name
	LongestRing   = 200 // bytes of an id
)

// Hear reads a signal's payload as a ring, as JSON is read; whatever else it is, is kept as a problem with a name. Whoever reaches Temporal
// sends what he likes: what no row could ever hold (a NUL, an endless id) would make everything fail that reads the signal
// again, so that it is junk too.
func Hear(name string, payload []byte, read func(data []byte, into any) error) Heard {
	h := Heard{Name: printable(name)}
	if len(payload) == 0 {
		return h
	}
	err := read(payload, &h.Ring)
	if id := h.Ring.ID; err != nil || h.Ring.Seq < 0 || len(id) > LongestRing || strings.ContainsRune(id, 0) {
		h.Ring, h.Problem = Ring{}, "malformed"
	}
	return h
}

// printable makes a name that anybody may have typed fit for a row.
func printable(name string) string {
	name = strings.ReplaceAll(strings.ToValidUTF8(name, "\uFFFD"), "\x00", "\uFFFD")
	if r := []rune(name); len(r) > LongestSignal {
		return string(r[:LongestSignal])
	}
	return name
}
