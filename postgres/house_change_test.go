package postgres

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func keyOf(t *testing.T, err error) string {
	t.Helper()
	var e *ticket.Error
	require.ErrorAs(t, err, &e)
	return e.Key
}

// TestADeskIsChangedWithoutMovingThePast: policies are pinned; the process that a desk works by, and how it speaks,
// reach running tickets with their next command.
func TestADeskIsChangedWithoutMovingThePast(t *testing.T) {
	t.Parallel()
	q := NewQueue(furnished(t), QueueConfig{Mint: testMint{}})
	ctx := t.Context()
	running := openedAs(t, q, "running")
	d, err := q.s.Desk(ctx, "support")
	require.NoError(t, err)
	require.Equal(t, ticket.DefaultManner(), d.Manner)

	d.Name, d.Address, d.Process, d.Groups = "窓口", "Help@Desk.example", "incident", []string{"tier2"}
	d.Manner.Routes, d.Manner.AnswerThen, d.Manner.UndoSend = []ticket.Channel{ticket.ChannelMail}, ticket.AnswerHold, 0
	d.Manner.Word, d.Manner.Signature, d.Manner.Layout = ticket.Words{EN: "case", JA: "ケース"}, ticket.Words{JA: "窓口"}, ticket.LayoutText
	d.Settings.FollowUp, d.Settings.FirstResponse = ticket.FollowUpReopen, ticket.Same(time.Hour)
	changed, err := q.s.ChangeDesk(ctx, d)
	require.NoError(t, err)
	want := d
	want.Address, want.Settings.Version, want.Revision = "help@desk.example", 2, 2
	require.Equal(t, want, changed)
	again, err := q.s.Desk(ctx, "support")
	require.NoError(t, err)
	require.Equal(t, want, again)

	require.Equal(t, 1, q.process(t, running).Policy, "pinned")
	require.Equal(t, 2, q.process(t, openedAs(t, q, "later")).Policy)
	// An incident desk wants the solution: the running ticket hears of it at its next command.
	solve := q.mustStore(t, command("solve", running, ticket.Resolve, sato, "done"))
	q.mustApply(t, ticket.ApplyInput{Number: running})
	require.Equal(t, "solution_missing", q.receipt(t, solve).Reason)

	// The policy stays as it is where nothing of it changed; who saw an older desk is told so.
	changed.Name = "窓口二"
	third, err := q.s.ChangeDesk(ctx, changed)
	require.NoError(t, err)
	require.Equal(t, 2, third.Settings.Version)
	_, err = q.s.ChangeDesk(ctx, d)
	require.Equal(t, ticket.Conflict, code(err))
	require.Equal(t, "changed_meanwhile", keyOf(t, err))
	third.Groups = []string{"nowhere"}
	_, err = q.s.ChangeDesk(ctx, third)
	require.Equal(t, ticket.Invalid, code(err))
	third.Groups, third.Settings.Calendar = nil, "nowhere"
	_, err = q.s.ChangeDesk(ctx, third)
	require.Equal(t, ticket.Invalid, code(err))
	_, err = q.s.ChangeDesk(ctx, Desk{Key: "none", Revision: 1})
	require.Equal(t, ticket.NotFound, code(err))
	after, err := q.s.Desk(ctx, "support")
	require.NoError(t, err)
	require.Equal(t, "窓口二", after.Name, "what is refused leaves no trace")
	require.Equal(t, []string{"tier2"}, after.Groups)
}

func TestTwoWhoChangeADeskAtOnce(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	d, err := s.Desk(t.Context(), "support")
	require.NoError(t, err)
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() { _, errs[i] = s.ChangeDesk(t.Context(), d) })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			require.Equal(t, "changed_meanwhile", keyOf(t, err))
		}
	}
	require.Equal(t, 1, won)
}

func TestGroupsAndDesksAreTakenAwayWhileNobodyNeedsThem(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	g, err := s.ChangeGroup(ctx, Group{Key: "support", Name: "一次対応", Members: []string{"sato"}})
	require.NoError(t, err)
	groups, err := s.Groups(ctx)
	require.NoError(t, err)
	require.Equal(t, g, groups[0])
	require.Equal(t, ticket.NotFound, code(second(s.ChangeGroup(ctx, Group{Key: "nowhere"}))))
	require.Equal(t, ticket.Invalid, code(second(s.ChangeGroup(ctx, Group{Key: "support", Members: []string{"nobody"}}))))

	lay(t, s, laid{number: 1001, group: "support"})
	require.Equal(t, "in_use", keyOf(t, s.DropGroup(ctx, "support")))
	require.NoError(t, s.DropGroup(ctx, "tier2"))
	require.Equal(t, ticket.NotFound, code(s.DropGroup(ctx, "tier2")))
	require.Equal(t, "in_use", keyOf(t, s.DropDesk(ctx, "support")))
	require.NoError(t, s.DropDesk(ctx, "repair"))
	require.Equal(t, ticket.NotFound, code(s.DropDesk(ctx, "repair")))
	groups, err = s.Groups(ctx)
	require.NoError(t, err)
	require.Equal(t, []Group{g}, groups, "what is refused leaves no trace")
}

func TestAgentsAreChangedAndDisabled(t *testing.T) {
	t.Parallel()
	q := engine(t)
	s, ctx := q.s, t.Context()
	_, err := s.AddToken(ctx, Token{Agent: "sato", Scopes: []string{"admin"}}, []byte("hash"))
	require.NoError(t, err)
	n := opened(t, q)
	keep := command("keep", n, ticket.Assign, sato, "")
	keep.Params.Assign = &ticket.AssignParams{Owner: new(string)}
	*keep.Params.Assign.Owner = "sato"
	q.mustStore(t, keep)
	q.mustApply(t, ticket.ApplyInput{Number: n})

	p, err := s.Agent(ctx, "sato")
	require.NoError(t, err)
	p.Name, p.Role, p.Groups, p.Desks, p.Language = "佐藤", ticket.RoleLead, []string{"tier2"}, []string{"repair", "support"}, "ja"
	changed, err := s.ChangeAgent(ctx, p)
	require.NoError(t, err)
	require.Equal(t, p, changed)
	_, _, err = s.ByToken(ctx, []byte("hash"), noon)
	require.NoError(t, err)

	p.Disabled = &noon
	changed, err = s.ChangeAgent(ctx, p)
	require.NoError(t, err)
	require.Equal(t, noon, *changed.Disabled)
	require.Equal(t, ticket.NotFound, code(third(s.ByToken(ctx, []byte("hash"), noon))))
	left, err := s.OpenTickets(ctx, "sato")
	require.NoError(t, err)
	require.Equal(t, []ticket.Number{n}, left)
	tokens, err := s.Tokens(ctx, "sato")
	require.NoError(t, err)
	require.Empty(t, tokens)

	p.Email = "lead@desk.example"
	require.Equal(t, ticket.Conflict, code(second(s.ChangeAgent(ctx, p))))
	p.Email, p.Groups = "sato@desk.example", []string{"nowhere"}
	require.Equal(t, ticket.Invalid, code(second(s.ChangeAgent(ctx, p))))
	require.Equal(t, ticket.NotFound, code(second(s.ChangeAgent(ctx, Person{Key: "nobody", Role: ticket.RoleLead}))))

	admin, err := s.Agent(ctx, "admin")
	require.NoError(t, err)
	admin.Role = ticket.RoleLead
	require.Equal(t, "last_admin", keyOf(t, second(s.ChangeAgent(ctx, admin))))
	admin.Role, admin.Disabled = ticket.RoleAdmin, &noon
	require.Equal(t, "last_admin", keyOf(t, second(s.ChangeAgent(ctx, admin))))
	require.Equal(t, "last_admin", keyOf(t, s.DropAgent(ctx, "admin")))
	require.Equal(t, "agent_acted", keyOf(t, s.DropAgent(ctx, "sato")))
	require.NoError(t, s.DropAgent(ctx, "lead"))
	require.Equal(t, ticket.NotFound, code(s.DropAgent(ctx, "lead")))
}
