package ticket

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A process travels through histories again and again, and must stay under 1 KB: clocks and writers are written as
// short strings that an operator can read, "resolution paused - #4 used 2h0m0s" ("running" goes without saying), and read back from them, or from the
// objects that the first version wrote.

// MarshalJSON writes "id state due #generation" (of a clock that runs), then warn (before due), used and met where there are such.
func (c Clock) MarshalJSON() ([]byte, error) {
	if c.plain() {
		type object Clock
		return json.Marshal(object(c))
	}
	var b strings.Builder
	b.WriteString(c.ID + " ")
	if c.State != Running {
		b.WriteString(c.State.String() + " ")
	}
	b.WriteString(instant(c.Due))
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
	return json.Marshal(b.String())
}

// plain reports whether a clock can't be told in short: its name says nothing of its kind, or it warns of nothing.
func (c Clock) plain() bool {
	stem, _, _ := strings.Cut(c.ID, ":")
	return stem != c.Kind.String() || stem == "" || c.State == NoClockState || strings.Contains(c.ID, " ") || c.Due.IsZero() && !c.Warn.IsZero()
}

// UnmarshalJSON reads both forms. A word that it does not know was written by a newer program.
func (c *Clock) UnmarshalJSON(b []byte) error {
	var short string
	if json.Unmarshal(b, &short) != nil {
		type object Clock
		return json.Unmarshal(b, (*object)(c))
	}
	id, rest, _ := strings.Cut(short, " ")
	words := strings.Fields(rest)
	*c = Clock{ID: id, State: Running}
	stem, _, _ := strings.Cut(id, ":")
	var err error
	if c.Kind, err = clockNames.parse(stem); err != nil {
		return err
	}
	if len(words) > 1 && !strings.HasPrefix(words[1], "#") && !pairs[words[1]] {
		if c.State, err = clockStateNames.parse(words[0]); err != nil {
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
	return c.more(words, short)
}

// pairs are the words that a value follows.
var pairs = map[string]bool{"warn": true, "used": true, "met": true}

// more reads what only some clocks have.
func (c *Clock) more(words []string, short string) error {
	if len(words)%2 != 0 {
		return unreadable("clock", short)
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
			return unreadable("clock", short)
		}
		if err != nil {
			return unreadable("clock", short)
		}
	}
	return nil
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
	return &Error{Code: Invalid, Message: fmt.Sprintf("%q is not a %s: was it written by a newer program?", text, what)}
}

// MarshalJSON writes "agent:sato@7".
func (s Spoke) MarshalJSON() ([]byte, error) {
	return json.Marshal(s.By + "@" + strconv.FormatInt(s.Revision, 10))
}

// UnmarshalJSON reads both forms.
func (s *Spoke) UnmarshalJSON(b []byte) error {
	var short string
	if json.Unmarshal(b, &short) != nil {
		type object Spoke
		return json.Unmarshal(b, (*object)(s))
	}
	i := strings.LastIndex(short, "@")
	if i < 0 {
		return unreadable("writer", short)
	}
	n, err := strconv.ParseInt(short[i+1:], 10, 64)
	if err != nil {
		return unreadable("writer", short)
	}
	*s = Spoke{By: short[:i], Revision: n}
	return nil
}

// MarshalJSON writes "1043 resolved".
func (c Child) MarshalJSON() ([]byte, error) {
	return json.Marshal(strings.TrimSpace(strconv.FormatInt(int64(c.Number), 10) + " " + c.Outcome.String()))
}

// UnmarshalJSON reads it.
func (c *Child) UnmarshalJSON(b []byte) error {
	var short string
	if err := json.Unmarshal(b, &short); err != nil {
		return fmt.Errorf("read a hand-over: %w", err)
	}
	number, outcome, _ := strings.Cut(short, " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return unreadable("hand-over", short)
	}
	c.Number = Number(n)
	c.Outcome, err = childNames.parse(outcome)
	return err
}
