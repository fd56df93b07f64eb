package lifecycle

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestWhatIsWrongWithACommandItself(t *testing.T) {
	t.Parallel()
	p, s := fixture(t, "open")
	for name, x := range map[string]struct {
		c      ticket.Command
		reason string
	}{
		"an answer without words":      {bare(ticket.AgentResponse, anAgent, dayOne), "payload_missing"},
		"a note without words":         {bare(ticket.Note, anAgent, dayOne), "payload_missing"},
		"a logged call without words":  {bare(ticket.ClientReply, anAgent, dayOne), "payload_missing"},
		"an assignment to nobody said": {bare(ticket.Assign, anAgent, dayOne), "payload_missing"},
		"labels that are not said":     {bare(ticket.Classify, anAgent, dayOne), "payload_missing"},
		"a merge into nothing":         {mergeInto(ticket.MergeParams{}), "payload_missing"},
		"a link to nothing":            {bare(ticket.LinkTo, anAgent, dayOne), "payload_missing"},
		"a promise without a time":     {bare(ticket.Promise, anAgent, dayOne), "payload_missing"},
		"a split of nothing":           {with(bare(ticket.Split, anAgent, dayOne), ticket.Params{Split: &ticket.SplitParams{}}), "payload_missing"},
		"a move to nowhere":            {with(bare(ticket.Move, anAgent, dayOne), ticket.Params{Move: &ticket.MoveParams{Message: "m"}}), "payload_missing"},
		"a withdrawal of nothing":      {bare(ticket.Withdraw, anAgent, dayOne), "payload_missing"},
		"six stars":                    {with(bare(ticket.Feedback, aClient, dayOne), ticket.Params{Feedback: &ticket.FeedbackParams{Rating: 6}}), "payload_missing"},
		"a verdict without words":      {bare(ticket.ClientVerdict, aClient, dayOne), "payload_missing"},
		"a report of nobody":           {bare(ticket.ChildReport, ticket.System, dayOne), "payload_missing"},
		"a merge of nobody":            {bare(ticket.MergeIn, ticket.System, dayOne), "payload_missing"},
		"a client who sets a priority": {with(bare(ticket.Classify, aFullClient, dayOne), ticket.Params{Classify: &ticket.ClassifyParams{Priority: ticket.Urgent}}), "not_permitted"},
		"a client who merges":          {with(bare(ticket.Merge, aClient, dayOne), mergeInto(ticket.MergeParams{Into: 1003}).Params), "not_permitted"},
		"an agent who judges":          {bare(ticket.ClientVerdict, anAgent, dayOne), "not_permitted"},
		"a client who closes":          {bare(ticket.Close, aClient, dayOne), "not_permitted"},
		"an agent who closes":          {bare(ticket.Close, anAgent, dayOne), "not_permitted"},
		"a clock by hand":              {bare(ticket.AutoCloseDue, ticket.Operator, dayOne), "not_permitted"},
		"a signal with junk":           {with(bare(ticket.Hold, ticket.Operator, dayOne), ticket.Params{Problem: "malformed"}), "malformed"},
		"a command of no kind":         {bare(ticket.NoKind, ticket.System, dayOne), "unknown_command"},
	} {
		d := Inquiry.Apply(p, x.c, s)
		require.Equal(t, ticket.Refused, d.Answer, name)
		require.Equal(t, x.reason, d.Reason, name)
	}
}

func TestARefusedOperatorFindsAnEvent(t *testing.T) {
	t.Parallel()
	p, s := fixture(t, "open")
	d := Inquiry.Apply(p, bare(ticket.Restore, ticket.Operator, dayOne), s)
	require.Equal(t, []Happening{{Type: "event", Name: "refused", Why: "not_in_spam"}}, d.Events)
	require.Equal(t, p.Revision+1, d.Process.Revision)
	d = Inquiry.Apply(p, bare(ticket.Restore, aLead, dayOne), s)
	require.Empty(t, d.Events, "others have their receipt")
	require.Equal(t, p.Revision, d.Process.Revision)
}

// TestATimerWithoutAClockChangesNothing: a lost, doubled or forged ring can breach or close nothing.
func TestATimerWithoutAClockChangesNothing(t *testing.T) {
	t.Parallel()
	p, s := fixture(t, "resolved")
	k, ok := p.Clock(ticket.AutoClose.String())
	require.True(t, ok)
	late, early, forged := k, k, TimerCommand(p.Number, k)
	late.Generation--
	early.Due = early.Due.Add(-time.Second)
	forged.Params.Timer = nil
	for _, c := range []ticket.Command{TimerCommand(p.Number, late), TimerCommand(p.Number, early), forged} {
		d := Inquiry.Apply(p, c, s)
		require.Equal(t, ticket.Already, d.Answer)
		require.Equal(t, "no_such_clock", d.Reason)
		require.Equal(t, p, d.Process)
	}
	require.Equal(t, ticket.Closed, Inquiry.Apply(p, TimerCommand(p.Number, k), s).Process.State)
}

// TestReopenedAndResolvedAgain: instants of the record follow the life of the ticket.
func TestReopenedAndResolvedAgain(t *testing.T) {
	t.Parallel()
	p, s := fixture(t, "resolved")
	require.Equal(t, dayOne, p.Resolved)
	spam := Inquiry.Apply(p, with(bare(ticket.Resolve, anAgent, dayOne.Add(time.Hour)), resolveAs(ticket.CategorySpam).Params), s).Process
	back := Inquiry.Apply(spam, bare(ticket.Restore, aLead, dayOne.Add(2*time.Hour)), s).Process
	require.Equal(t, ticket.Resolved, back.State)
	require.Equal(t, dayOne, back.Resolved, "restored: it was resolved when it was")
	closed := Inquiry.Apply(back, bare(ticket.Close, aLead, dayOne.Add(3*time.Hour)), s).Process
	require.Equal(t, dayOne.Add(3*time.Hour), closed.Closed)
	s.FollowUp = ticket.FollowUpReopen
	open := Inquiry.Apply(closed, writes(ticket.ClientReply, aClient, dayOne.Add(4*time.Hour)), s).Process
	require.Zero(t, open.Resolved)
	require.Zero(t, open.Closed)
}

// TestNamesThatReachRowsAreAppendOnly holds reasons, events and effects against the committed list: receipts and
// events of years ago must still be told in words.
func TestNamesThatReachRowsAreAppendOnly(t *testing.T) {
	t.Parallel()
	committed, err := os.ReadFile("testdata/names.txt")
	require.NoError(t, err)
	var now []string
	for _, r := range Reasons() {
		now = append(now, "reason "+r)
	}
	for _, e := range EventNames() {
		now = append(now, "event "+e)
	}
	for e := KeepMessage; int(e) < len(effectNames); e++ {
		now = append(now, fmt.Sprintf("effect %s", e))
	}
	lines := strings.Split(strings.TrimSpace(string(committed)), "\n")
	for _, l := range lines {
		require.Contains(t, now, l, "a name that reached rows is gone: receipts and events are told by it")
	}
	for _, n := range now {
		require.Contains(t, lines, n, "a new name: append it to testdata/names.txt, and give it words in the catalogs")
	}
	require.Equal(t, int(TellClosed), len(effectNames)-1, "every effect has a name")
}

// TestTheRulesArePure: no file, network, clock or chance; only what is handed in. (Floors: HOUSE.md.)
func TestTheRulesArePure(t *testing.T) {
	t.Parallel()
	allowed := []string{"cmp", "crypto/sha256", "encoding/hex", "errors", "fmt", "maps", "slices", "strings", "sync", "time", "duradesk/ticket", "duradesk/calendar"}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, i := range f.Imports {
			require.True(t, slices.Contains(allowed, strings.Trim(i.Path.Value, `"`)), "%s imports %s", path, i.Path.Value)
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotRegexp(t, `time\.(Now|Since|Until|After|Sleep)\(`, string(text), path)
	}
}

// TestEveryInnerEffectIsDone: an inner effect that changes nothing, whatever it is given, was forgotten in inner.
func TestEveryInnerEffectIsDone(t *testing.T) {
	t.Parallel()
	undone := map[Effect]bool{}
	for e := TakeOwnership; e.Inner(); e++ {
		undone[e] = true
	}
	for _, way := range walks() {
		explore(Inquiry, way, func(w *world, _ int, st step) bool {
			p := st.from.p
			p.Failed = st.c.Kind == ticket.Note // no place differs by it
			for e := range undone {
				x := facts{p: p, c: st.c, s: w.s}
				if !usable(e, x) {
					continue
				}
				if after := Inquiry.inner(e, x); !reflect.DeepEqual(p, after) && fmt.Sprint(p) != fmt.Sprint(after) {
					delete(undone, e)
				}
			}
			return len(undone) > 0
		})
	}
	require.Empty(t, undone)
}

// usable reports whether a command has what an inner effect looks at; the table pairs them.
func usable(e Effect, x facts) bool {
	p := x.c.Params
	switch e { //nolint:exhaustive // the rest look at nothing
	case SetPriority, SetPriorityByImpact:
		return p.Classify != nil
	case SetPromise:
		return p.Promise != nil && !twoPromises.Holds(x)
	case HandOut:
		return p.Escalate != nil
	case SetSurvivor:
		return p.Merge != nil
	case RecordWarning, RecordBreach:
		return p.Timer != nil
	default:
		return true
	}
}
