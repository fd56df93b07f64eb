package ticket

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A process travels through histories again and again, and must stay under 1 KB: clocks, writers and children are
// written as short texts that an operator can read, "resolution paused - used 2h0m0s" ("running" goes without saying),
// and read back from them, or from the objects that the first version wrote.

// MarshalText writes "id state due #generation" (of a clock that runs), then warn (before due), used and met where
// there are such.
func (c Clock) MarshalText() ([]byte, error) {
	var b strings.Builder
	b.WriteString(c.ID)
	if stem, _, _ := strings.Cut(c.ID, ":"); stem != c.Kind.String() {
		b.WriteString("=" + c.Kind.String())
	}
	if c.State != Running {
		b.WriteString(" " + c.State.String())
	}
	b.WriteString(" " + instant(c.Due))
	if c.Generation != 0 {
		fmt.Fprintf(&b, " #%d", c.Generation)
	}
	if !c.Warn.IsZero() {
		fmt.Fprintf(&b, " warn %s", c.Due.Sub(c.Warn))
	}
	if c.Used != 0 {
		fmt.Fprintf(&b, " used %s", c.Used)
	}
	if !c.Met.IsZero() {
		fmt.Fprintf(&b, " met %s", instant(c.Met))
	}
	return []byte(b.String()), nil
}

// UnmarshalText reads it. A word that it does not know was written by a newer program.
func (c *Clock) UnmarshalText(b []byte) error {
	short := string(b)
	name, rest, _ := strings.Cut(short, " ")
	words := strings.Fields(rest)
	id, kind, named := strings.Cut(name, "=")
	if !named {
		kind, _, _ = strings.Cut(id, ":")
	}
	*c = Clock{ID: id, State: Running}
	var err error
	if c.Kind, err = clockNames.read([]byte(kind)); err != nil {
		return err
	}
	if len(words) > 1 && !strings.HasPrefix(words[1], "#") && !pairs[words[1]] {
		if c.State, err = clockStateNames.read([]byte(words[0])); err != nil {
			return err
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return unreadable("clock", short)
	}
	if c.Due, err = readInstant(words[0]); err != nil {
		return unreadable("clock", short)
	}
	if words = words[1:]; len(words) > 0 && strings.HasPrefix(words[0], "#") {
		if c.Generation, err = strconv.Atoi(words[0][1:]); err != nil {
			return unreadable("clock", short)
		}
		words = words[1:]
	}
	if !c.more(words) {
		return unreadable("clock", short)
	}
	return nil
}

// pairs are the words that a value follows.
var pairs = map[string]bool{"warn": true, "used": true, "met": true}

// more reads what only some clocks have, and reports whether it could.
func (c *Clock) more(words []string) bool {
	if len(words)%2 != 0 {
		return false
	}
	for i := 0; i < len(words); i += 2 {
		var err error
		var d time.Duration
		switch words[i] {
		case "warn":
			d, err = time.ParseDuration(words[i+1])
			c.Warn = c.Due.Add(-d)
		case "used":
			c.Used, err = time.ParseDuration(words[i+1])
		case "met":
			c.Met, err = readInstant(words[i+1])
		default:
			return false
		}
		if err != nil {
			return false
		}
	}
	return true
}

// UnmarshalJSON reads both forms.
func (c *Clock) UnmarshalJSON(b []byte) error {
	if text, ok := quoted(b); ok {
		return c.UnmarshalText([]byte(text))
	}
	words := []string{}
	f := flat(b)
	for _, key := range []string{"state", "due"} {
		words = append(words, f[key])
	}
	words = append(words, "#"+f["generation"])
	if f["met"] != "" {
		words = append(words, "met", f["met"])
	}
	return c.UnmarshalText([]byte(f["id"] + "=" + f["kind"] + " " + strings.Join(words, " ")))
}

func instant(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.RFC3339Nano)
}

func readInstant(s string) (time.Time, error) {
	if s == "-" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339Nano, s)
}

func unreadable(what, text string) error {
	return &Error{Code: Newer, Message: fmt.Sprintf("%q is not a %s: was it written by a newer program?", text, what)}
}

// MarshalText writes "agent:sato@7".
func (s Spoke) MarshalText() ([]byte, error) {
	return []byte(s.By + "@" + strconv.FormatInt(s.Revision, 10)), nil
}

// UnmarshalText reads it.
func (s *Spoke) UnmarshalText(b []byte) error {
	text := string(b)
	i := strings.LastIndex(text, "@")
	n, err := strconv.ParseInt(text[i+1:], 10, 64)
	if i < 0 || err != nil {
		return unreadable("writer", text)
	}
	*s = Spoke{By: text[:i], Revision: n}
	return nil
}

// UnmarshalJSON reads both forms.
func (s *Spoke) UnmarshalJSON(b []byte) error {
	text, ok := quoted(b)
	if !ok {
		f := flat(b)
		text = f["by"] + "@" + f["revision"]
	}
	return s.UnmarshalText([]byte(text))
}

// MarshalText writes "1043 resolved".
func (c Child) MarshalText() ([]byte, error) {
	return []byte(strings.TrimSpace(strconv.FormatInt(int64(c.Number), 10) + " " + c.Outcome.String())), nil
}

// UnmarshalText reads it.
func (c *Child) UnmarshalText(b []byte) error {
	number, outcome, _ := strings.Cut(string(b), " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return unreadable("hand-over", string(b))
	}
	c.Number = Number(n)
	c.Outcome, err = childNames.read([]byte(outcome))
	return err
}

// quoted is the text of a JSON string. Ours need no escapes.
func quoted(b []byte) (string, bool) {
	s := strings.TrimSpace(string(b))
	if len(s) < 2 || s[0] != '"' {
		return "", false
	}
	return s[1 : len(s)-1], true
}

// flat reads a JSON object whose values are words and numbers, as the first version wrote clocks, writers and targets.
func flat(b []byte) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(strings.Trim(strings.TrimSpace(string(b)), "{}"), ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), `":`)
		out[strings.Trim(key, `"`)] = strings.Trim(strings.TrimSpace(value), `"`)
	}
	return out
}
