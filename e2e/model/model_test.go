package model

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// asked are the lines of the hand-written copy of the table that the model knows.
var asked = map[string]Command{
	"create": {Name: "create"}, "client-reply": {Name: "client-reply", Message: true}, "agent-response": {Name: "agent-response", By: "sato", Agent: true, Message: true},
	"hold": {Name: "hold", Agent: true}, "hold+message": {Name: "hold", Agent: true, Message: true}, "hold until": {Name: "hold", Agent: true},
	"resolve": {Name: "resolve", Agent: true}, "resolve+message": {Name: "resolve", Agent: true, Message: true},
	"resolve test": {Name: "resolve", Category: "test"}, "resolve test+message": {Name: "resolve", Category: "test", Message: true},
	"resolve spam": {Name: "resolve", Category: "spam"},
	"escalate":     {Name: "escalate"}, "escalate desk": {Name: "escalate", Desk: true},
	"assign owner": {Name: "assign", Owner: pointer("mori")}, "assign group": {Name: "assign"}, "unassign": {Name: "assign", Owner: pointer("")},
	"note": {Name: "note", Message: true}, "classify title": {Name: "classify"}, "classify tags": {Name: "classify", TagsOnly: true}, "classify urgent": {Name: "classify"},
	"client-verdict solved": {Name: "client-verdict", Verdict: "solved"}, "client-verdict not_solved": {Name: "client-verdict", Verdict: "not_solved"},
	"client-verdict cancel": {Name: "client-verdict", Verdict: "cancel"},
	"close":                 {Name: "close"}, "restore": {Name: "restore"}, "merge": {Name: "merge"}, "merge-in": {Name: "merge-in"}, "merge-in unanswered": {Name: "merge-in", Waits: true},
	"unmerge": {Name: "unmerge"}, "link": {Name: "link"}, "recall": {Name: "recall"}, "child-report": {Name: "child-report", LastChild: true},
	"child-report of a former": {Name: "child-report"}, "promise": {Name: "promise"}, "feedback": {Name: "feedback"}, "automatic-mail": {Name: "automatic-mail"},
	"delivery-failed": {Name: "delivery-failed"}, "delivery-failed for good": {Name: "delivery-failed", HardEnd: true},
	"wake-due": {Name: "wake-due"}, "auto-close-due": {Name: "auto-close-due"},
}

// The columns that a desk with the default settings has.
var columns = map[string]Ticket{
	"new": {State: fresh}, "open": {State: open, owner: "sato"}, "on_hold": {State: onHold, owner: "sato"}, "handed_over": {State: handedOver, owner: "sato"},
	"answered": {State: answered, owner: "sato"}, "resolved": {State: resolved, owner: "sato"}, "internal": {State: internally, owner: "sato", category: "other"},
	"abuse": {State: internally, owner: "sato", category: "abuse"}, "spam": {State: spam, owner: "sato", before: Before{open, "sato"}}, "closed": {State: closed, owner: "sato"},
	"merged": {State: merged, before: Before{open, "sato"}},
}

func pointer(s string) *string { return &s }

// The model and the copy of the table that the rules are held to were both written by hand from one document, and agree.
func TestModelAgreesWithTheTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../lifecycle/testdata/product/inquiry.txt")
	require.NoError(t, err)
	var head string
	var starts []int
	cells, lines := 0, 0
	for l := range strings.Lines(string(text)) {
		l = strings.TrimRight(l, "\n")
		if l == "" || l[0] == '#' {
			continue
		}
		if head == "" {
			head = l
			for i := range l {
				if l[i] != ' ' && (i == 0 || l[i-1] == ' ') {
					starts = append(starts, i)
				}
			}
			continue
		}
		c, known := asked[cut(l, starts, 0)]
		if !known {
			continue
		}
		lines++
		for i := 1; i < len(starts); i++ {
			if before, ok := columns[cut(head, starts, i)]; ok {
				requireCell(t, before, c, cut(l, starts, 0)+" in "+cut(head, starts, i), cut(l, starts, i))
				cells++
			}
		}
	}
	require.Len(t, asked, lines, "each was found in the table")
	require.Equal(t, len(asked)*len(columns), cells)
}

func requireCell(t *testing.T, k Ticket, c Command, what, want string) {
	t.Helper()
	before := k
	outcome := k.Take(c)
	if want == Refused || want == Already {
		require.Equal(t, want, outcome, what)
		require.Equal(t, before.State, k.State, what)
		return
	}
	require.Equal(t, Applied, outcome, what)
	state, marks, _ := strings.Cut(want, " ")
	for long, short := range map[string]string{internally: "internal", answered: "answered"} {
		if k.State == long {
			k.State = short
		}
	}
	require.Equal(t, state, k.State, what)
	require.Equal(t, strings.Contains(marks, "t"), k.Tier == before.Tier+1, what)
}

func cut(l string, starts []int, i int) string {
	end := len(l)
	if i+1 < len(starts) {
		end = min(starts[i+1], len(l))
	}
	return strings.TrimSpace(l[min(starts[i], end):end])
}

// What the table has no columns for: whose a ticket becomes, and a work that is done already (rule 4).
func TestOwnersAndWorkThatIsDone(t *testing.T) {
	t.Parallel()
	k := Ticket{State: internally, category: "test"}
	require.Equal(t, Already, k.Take(Command{Name: "resolve", Agent: true, By: "sato", Category: "test"}))
	require.Equal(t, Applied, k.Take(Command{Name: "resolve", Agent: true, By: "sato", Category: "other"}))
	require.Equal(t, Applied, k.Take(Command{Name: "assign", Owner: pointer("sato")}), "a second reason is no second answer")
	require.Equal(t, Applied, k.Take(Command{Name: "agent-response", Agent: true, By: "mori", Message: true}))
	require.Equal(t, Already, k.Take(Command{Name: "assign", Owner: pointer("sato")}), "it is not taken from who has it")
}

// TestWhoHandsOverOwns: the ticket becomes open again, and whatever becomes open has an owner.
func TestWhoHandsOverOwns(t *testing.T) {
	t.Parallel()
	k := Ticket{State: fresh}
	require.Equal(t, Applied, k.Take(Command{Name: "escalate", Agent: true, By: "sato", Desk: true}))
	require.Equal(t, Applied, k.Take(Command{Name: "assign", Owner: pointer("")}), "he had it")
}

func TestPromises(t *testing.T) {
	t.Parallel()
	k := Ticket{State: open, owner: "sato"}
	promise := Command{Name: "promise", Agent: true, By: "sato"}
	require.Equal(t, Applied, k.Take(promise))
	require.Equal(t, Applied, k.Take(promise))
	require.Equal(t, Refused, k.Take(promise), "two are open")
	require.Equal(t, Applied, k.Take(Command{Name: "agent-response", Agent: true, By: "sato", Message: true}))
	require.Equal(t, Applied, k.Take(promise), "one was kept")
}

func TestTheWayBackFromAMergeLeadsToTheAnswer(t *testing.T) {
	t.Parallel()
	k := Ticket{State: handedOver, owner: "sato"}
	require.Equal(t, Applied, k.Take(Command{Name: "merge"}))
	require.Equal(t, Applied, k.Take(Command{Name: "child-report", LastChild: true}))
	require.Equal(t, Applied, k.Take(Command{Name: "unmerge"}))
	require.Equal(t, answered, k.State)
}

func TestOpening(t *testing.T) {
	t.Parallel()
	var byMail, byPhone, owned Ticket
	require.Equal(t, Applied, byMail.Take(Command{Name: "client-reply", Message: true}))
	require.Equal(t, Applied, byPhone.Take(Command{Name: "create"}))
	require.Equal(t, Applied, owned.Take(Command{Name: "create", Owner: pointer("sato")}))
	require.Equal(t, []string{fresh, fresh, open}, []string{byMail.State, byPhone.State, owned.State})
	require.Empty(t, byMail.Take(Command{Name: "dance"}), "of this it knows nothing")
}
