package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func written(n ticket.Number, kind ticket.Kind, body string) ticket.Draft {
	return ticket.Draft{Agent: "sato", Number: n, Kind: kind, Message: ticket.NewMessage{Body: body, Format: "markdown"}}
}

func save(t testing.TB, q *Queue, d ticket.Draft) ticket.Draft {
	t.Helper()
	out, err := q.s.SaveDraft(t.Context(), d)
	require.NoError(t, err)
	return out
}

func TestADraftIsOneOfItsAgentTicketAndKind(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	d := written(n, ticket.AgentResponse, "Dear")
	d.Message.Files = []ticket.NewFile{{Name: "a.txt", Type: "text/plain", Data: []byte("a")}, {Name: "b.txt", Type: "text/plain", Data: []byte("bb")}}
	first := save(t, q, d)
	require.Len(t, first.Message.Files, 2)
	save(t, q, written(n, ticket.Note, "note"))

	d.Message.Body, d.Message.Files = "Dear client", []ticket.NewFile{first.Message.Files[1], {Name: "c.txt", Type: "text/plain", Data: []byte("ccc")}}
	second := save(t, q, d)
	require.Equal(t, first.ID, second.ID)
	require.Equal(t, "Dear client", second.Message.Body)
	require.Equal(t, first.Message.Files[1].DraftFile, second.Message.Files[0].DraftFile, "it stays what it was")
	require.Equal(t, []string{"b.txt", "c.txt"}, []string{second.Message.Files[0].Name, second.Message.Files[1].Name})
	_, content, err := q.s.DraftFile(t.Context(), "sato", n, second.Message.Files[1].DraftFile)
	require.NoError(t, err)
	require.Equal(t, "ccc", all(t, content))

	mine, err := q.s.Drafts(t.Context(), "sato", 0)
	require.NoError(t, err)
	require.Len(t, mine, 2)
	theirs, err := q.s.Drafts(t.Context(), "lead", n)
	require.NoError(t, err)
	require.Empty(t, theirs, "a draft is its agent's own")
	_, _, err = q.s.DraftFile(t.Context(), "lead", n, second.Message.Files[1].DraftFile)
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err))

	second.Shared = true
	save(t, q, second)
	seen, err := q.s.Draft(t.Context(), "lead", n, second.ID)
	require.NoError(t, err)
	require.Equal(t, "sato", seen.Agent)
	second.Agent = "lead"
	_, err = q.s.SaveDraft(t.Context(), second)
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err), "others read it, no more")
	require.Equal(t, ticket.NotFound, ticket.CodeOf(q.s.DropDraft(t.Context(), "lead", n, second.ID)))
	require.NoError(t, q.s.DropDraft(t.Context(), "sato", n, "note"))
	require.Equal(t, ticket.NotFound, ticket.CodeOf(q.s.DropDraft(t.Context(), "sato", n, "note")))
}

func TestTwoAgentsAnswerAtOnceAndNoTextIsLost(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	record, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	seen := record.Process.Revision
	one, two := command("one", n, ticket.AgentResponse, lead, "from the lead"), command("two", n, ticket.AgentResponse, sato, "from sato")
	one.SeenRevision, two.SeenRevision = seen, seen
	two.Message.Files = []ticket.NewFile{{Name: "a.txt", Type: "text/plain", Data: []byte("a")}}
	first, second := q.mustStore(t, one), q.mustStore(t, two)
	q.mustApply(t, ticket.ApplyInput{Number: n})
	require.Equal(t, ticket.Applied, q.receipt(t, first).Outcome)
	require.Equal(t, "stale", q.receipt(t, second).Reason)

	unseen, id, err := q.Unseen(t.Context(), second, seen)
	require.NoError(t, err)
	require.Len(t, unseen, 1)
	require.Equal(t, "from the lead", unseen[0].Body)
	d, err := q.s.Draft(t.Context(), "sato", n, id)
	require.NoError(t, err)
	require.Equal(t, [2]any{"from sato", ticket.DraftRefused}, [2]any{d.Message.Body, d.Why})
	require.Len(t, d.Message.Files, 1)
	require.False(t, d.Kept, "it is what he goes on with")
}

func TestARefusedTextStandsBesideAnotherDraft(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	q.carried(t, command("note", n, ticket.Note, lead, "psst"))
	refused := func(id, body, draft string) string {
		o := command(id, n, ticket.AgentResponse, sato, body)
		o.SeenRevision, o.Draft = 1, draft
		r := q.mustStore(t, o)
		q.mustApply(t, ticket.ApplyInput{Number: n})
		require.Equal(t, "stale", q.receipt(t, r).Reason)
		_, kept, err := q.Unseen(t.Context(), r, 1)
		require.NoError(t, err)
		return kept
	}
	mine := save(t, q, written(n, ticket.AgentResponse, "Dear client"))
	require.Equal(t, mine.ID, refused("same", "Dear client", mine.ID), "the draft has the text already")
	other := refused("further", "Dear client, we", mine.ID)
	require.NotEqual(t, mine.ID, other)
	require.Equal(t, other, refused("again", "Dear client, we", mine.ID), "kept once")
	list, err := q.s.Drafts(t.Context(), "sato", n)
	require.NoError(t, err)
	require.Len(t, list, 2)
	now, err := q.s.Draft(t.Context(), "sato", n, "agent-response")
	require.NoError(t, err)
	require.Equal(t, mine, now, "untouched")
}

func TestADraftGoesOnlyWhenItsTextWasApplied(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	d := save(t, q, written(n, ticket.AgentResponse, "Dear client"))
	byLead := command("lead", n, ticket.AgentResponse, lead, "mine")
	byLead.Draft = d.ID
	require.Equal(t, ticket.Applied, q.carried(t, byLead).Outcome)
	q.carried(t, command("move", n, ticket.Hold, lead, ""))
	require.Len(t, mustDrafts(t, q, n), 1, "others do not touch it")

	o := command("first", n, ticket.AgentResponse, sato, "Dear client")
	o.ID, o.Draft = "applied", d.ID
	q.mustStore(t, o)
	d.Message.Body = "Dear client, and besides"
	d.ID = ""
	save(t, q, d) // in another window, before the command is applied
	q.mustApply(t, ticket.ApplyInput{Number: n})
	require.Len(t, mustDrafts(t, q, n), 1, "what was written since is another text")

	o = command("second", n, ticket.AgentResponse, sato, "Dear client, and besides")
	o.Draft = mustDrafts(t, q, n)[0].ID
	require.Equal(t, ticket.Applied, q.carried(t, o).Outcome)
	require.Empty(t, mustDrafts(t, q, n))

	secret := written(n, ticket.Note, "words")
	secret.Message.Files = []ticket.NewFile{{Name: "a", Type: "text/plain", Data: []byte("only here")}}
	save(t, q, secret)
	admin := ticket.Actor{Kind: ticket.ActorAgent, ID: "admin", Role: ticket.RoleAdmin}
	q.carried(t, command("close", n, ticket.Close, admin, ""))
	require.Equal(t, ticket.Applied, q.carried(t, command("erase", n, ticket.Delete, admin, "")).Outcome)
	require.Empty(t, mustDrafts(t, q, n), "erasure takes drafts too")
	requireCount(t, q.s, 0, `select count(*) from blobs where data = 'only here'`)
}

func mustDrafts(t testing.TB, q *Queue, n ticket.Number) []ticket.Draft {
	t.Helper()
	list, err := q.s.Drafts(t.Context(), "sato", n)
	require.NoError(t, err)
	return list
}
