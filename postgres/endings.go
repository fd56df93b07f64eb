package postgres

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"duradesk/ticket"
)

// A notice of Apply is words with a space between: the ticket's number, its revision, the highest command that was applied,
// and since when commands tell how they ended: the instant in microseconds and an ending for each command. Older programs
// read the first three and pass over the rest; what they send has no more.

// endingsLimit bounds what endings take of a notice, in bytes: NOTIFY carries less than 8000. Who waits for a command that
// found no room reads its row.
const endingsLimit = 7000

// endings gathers how commands ended. A copy made before a command is as it was, whatever was added since.
type endings []byte

// add notes one: seq, outcome, revision, and where there is one the reason. Those of clocks nobody waits for.
func (e *endings) add(c stored, o ticket.Outcome, revision int64, reason string) {
	if c.Kind.Timer() || len(*e) > endingsLimit || strings.ContainsAny(reason, " :") {
		return
	}
	*e = fmt.Appendf(*e, " %d:%s:%d:%s", c.Seq, o, revision, reason)
}

// notice is what is told of a ticket at an instant.
func (e endings) notice(n ticket.Number, revision, seq int64, at time.Time) string {
	return fmt.Sprintf("%d %d %d %d%s", n, revision, seq, at.UnixMicro(), e)
}

// readNotice tells how far a ticket came; false where the words are none of ours.
func readNotice(payload string) (ticket.Number, reach, bool) {
	words := strings.SplitN(payload, " ", 4)
	if len(words) < 2 {
		return 0, reach{}, false
	}
	number, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return 0, reach{}, false
	}
	told := reach{seq: math.MaxInt64} // an older program does not say
	if len(words) > 2 {
		if told.seq, err = strconv.ParseInt(words[2], 10, 64); err != nil {
			return 0, reach{}, false
		}
	}
	if len(words) > 3 {
		told.words = words[3]
	}
	return ticket.Number(number), told, true
}

// endOf finds a command's ending in the words of a notice. An outcome that this program does not know is left to who reads
// the row.
func endOf(words string, r ticket.Receipt) (ticket.Receipt, bool) {
	instant, rest, _ := strings.Cut(words, " ")
	at, err := strconv.ParseInt(instant, 10, 64)
	if err != nil {
		return r, false
	}
	for ending := range strings.SplitSeq(rest, " ") {
		parts := strings.Split(ending, ":")
		if len(parts) != 4 || parts[0] != strconv.FormatInt(r.Seq, 10) {
			continue
		}
		revision, err := strconv.ParseInt(parts[2], 10, 64)
		if err != nil || r.Outcome.UnmarshalText([]byte(parts[1])) != nil {
			return r, false
		}
		r.Revision, r.Reason, r.At = revision, parts[3], time.UnixMicro(at)
		return r, r.Done()
	}
	return r, false
}
