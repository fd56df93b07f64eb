package postgres

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func wants(t testing.TB, q *Queue, agent string, mail ticket.NoticeMail) {
	t.Helper()
	s := ticket.DefaultStaffSettings()
	s.Mail = mail
	require.NoError(t, q.s.SetStaffSettings(t.Context(), agent, s))
}

func mailThem(t testing.TB, q *Queue, agent string) ticket.NoticeState {
	t.Helper()
	s, err := q.MailNotices(t.Context(), agent)
	require.NoError(t, err)
	return s
}

func TestAMentionAndAnAssignmentAreTold(t *testing.T) {
	t.Parallel()
	q := engine(t)
	_, err := q.s.AddAgent(t.Context(), Person{Key: "mori", Name: "Mori", Email: "mori@desk.example", Role: ticket.RoleAgent, Desks: []string{"repair"}}, "")
	require.NoError(t, err)
	n := opened(t, q)
	q.carried(t, command("note", n, ticket.Note, sato, "@lead さん、@mori @nobody @sato x@admin.example @Lead-, see @lead"))
	requireCount(t, q.s, 1, `select count(*) from notices where agent = 'lead' and name = 'mentioned' and audience = 'mention'`)
	requireCount(t, q.s, 1, `select count(*) from notices where name = 'mentioned'`)
	q.carried(t, command("public", n, ticket.AgentResponse, sato, "Dear @lead"))
	requireCount(t, q.s, 1, `select count(*) from notices where name = 'mentioned'`)

	give := command("give", n, ticket.Assign, lead, "")
	to := "sato"
	give.Params.Assign = &ticket.AssignParams{Owner: &to}
	nobody := ""
	take := command("take", n, ticket.Assign, lead, "")
	take.Params.Assign = &ticket.AssignParams{Owner: &nobody}
	q.carried(t, take)
	q.carried(t, give)
	requireCount(t, q.s, 1, `select count(*) from notices where agent = 'sato' and name = 'assigned'`)
	keep := command("keep", n, ticket.Assign, lead, "")
	me := "lead"
	keep.Params.Assign = &ticket.AssignParams{Owner: &me}
	q.carried(t, keep)
	requireCount(t, q.s, 0, `select count(*) from notices where agent = 'lead' and name = 'assigned'`)
	requireCount(t, q.s, 0, `select count(*) from notices where waiting`)
}

func TestANoticeIsMailedOnceAndOnlyOnce(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	wants(t, q, "lead", ticket.NoticeInstant)
	q.carried(t, command("note", n, ticket.Note, sato, "@lead look"))
	untold, err := q.UntoldNotices(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, []string{"lead"}, untold)
	untold, err = q.UntoldNotices(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, untold, "a rival relay does not tell too")
	require.NoError(t, q.UntellNotices(t.Context(), "lead"))
	untold, err = q.UntoldNotices(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, []string{"lead"}, untold)

	made := make([]ticket.NoticeState, 6) // two workers, retries after a kill: whoever looks again finds nothing
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() { made[i], _ = q.MailNotices(t.Context(), "lead") })
	}
	wg.Wait()
	var ids []string
	for _, s := range made {
		ids = append(ids, s.Deliveries...)
	}
	require.Len(t, ids, 1)
	requireCount(t, q.s, 1, `select count(*) from notices where mailed_at is not null and delivery = $1`, ids[0])

	a, err := q.Begin(t.Context(), ids[0])
	require.NoError(t, err)
	require.Equal(t, 1, a.No)
	require.Equal(t, []string{"lead@desk.example"}, a.Recipients)
	require.Equal(t, []ticket.NoticeLine{{Number: n, Title: "プリンターが動きません", Name: "mentioned", Audience: "mention", At: a.Mail.Notices[0].At}}, a.Mail.Notices)
	require.Equal(t, "support@desk.example", a.Mail.From.Address)
	require.Empty(t, a.Mail.ReplyTo, "the client's way into the ticket is not the agent's")
	require.Empty(t, a.From)
	require.Empty(t, a.Mail.Body)
	_, err = q.Freeze(t.Context(), ids[0], []byte("frozen"))
	require.NoError(t, err)
	_, err = q.Finish(t.Context(), ids[0], 1, []ticket.End{{Address: "lead@desk.example", State: "failed", Reason: "550 no"}}, time.Now())
	require.NoError(t, err)
	requireCount(t, q.s, 0, `select count(*) from commands where name = 'delivery-failed'`)
	requireCount(t, q.s, 0, `select count(*) from deliveries where id = $1 and raw is not null`, ids[0])

	who, err := q.NoticeMailed(t.Context(), ids[0])
	require.NoError(t, err)
	require.Equal(t, ticket.NoticeMailed{Agent: "lead", Name: "lead", Email: "lead@desk.example", Role: ticket.RoleLead, Number: n, Desk: "support", Sees: true}, who)
	_, err = q.NoticeMailed(t.Context(), "0198a0c4-2b6a-7c3e-9f00-000000000001")
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err))
	_, err = q.MailNotices(t.Context(), "ghost")
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err))
}

func TestADigestWaitsAndIsOneMail(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	second := q.mustStore(t, mailIn("second", 0, "もう一つ"))
	q.mustApply(t, ticket.ApplyInput{Number: second.Number})
	wants(t, q, "lead", ticket.NoticeDigest)
	for i, on := range []ticket.Number{n, n, second.Number} {
		q.carried(t, command("note"+string(rune('a'+i)), on, ticket.Note, sato, "@lead look"))
	}
	s := mailThem(t, q, "lead")
	require.Empty(t, s.Deliveries)
	require.Equal(t, 9, s.NextAt.Hour())
	untold, err := q.UntoldNotices(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, []string{"lead"}, untold)
	mailThem(t, q, "lead")
	exec(t, q.s, `update notices set rung_at = rung_at - interval '1 hour'`)
	untold, err = q.UntoldNotices(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, untold, "its workflow waits as it should")
	exec(t, q.s, `update notices set due_at = now() - interval '11 minutes'`)
	untold, err = q.UntoldNotices(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, []string{"lead"}, untold, "a lost workflow is found")

	exec(t, q.s, `update notices set read_at = now() where id = (select min(id) from notices)`)
	exec(t, q.s, `update notices set at = at - interval '2 days'`) // its hour has come
	s = mailThem(t, q, "lead")
	require.Len(t, s.Deliveries, 1)
	require.True(t, s.NextAt.IsZero())
	a, err := q.Begin(t.Context(), s.Deliveries[0])
	require.NoError(t, err)
	require.Len(t, a.Mail.Notices, 2, "what was read in the bell is not mailed")
	who, err := q.NoticeMailed(t.Context(), s.Deliveries[0])
	require.NoError(t, err)
	require.Zero(t, who.Number, "several tickets")
}

func TestWhoGetsNoMail(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	for _, agent := range []string{"lead", "sato"} {
		wants(t, q, agent, ticket.NoticeInstant)
	}
	q.carried(t, command("note", n, ticket.Note, ticket.Actor{Kind: ticket.ActorAgent, ID: "admin", Role: ticket.RoleAdmin}, "@lead @sato"))
	requireCount(t, q.s, 2, `select count(*) from notices where waiting`)
	exec(t, q.s, `delete from agent_desks where agent = 'sato'`)
	require.Empty(t, mailThem(t, q, "sato").Deliveries, "he does not see the ticket any more")
	wants(t, q, "lead", ticket.NoticeOff)
	require.Empty(t, mailThem(t, q, "lead").Deliveries)
	requireCount(t, q.s, 0, `select count(*) from notices where waiting`)

	exec(t, q.s, `update agents set email = 'Support@desk.example' where key = 'lead'`)
	s := ticket.DefaultStaffSettings()
	s.Mail = ticket.NoticeInstant
	err := q.s.SetStaffSettings(t.Context(), "lead", s)
	require.Equal(t, ticket.Invalid, ticket.CodeOf(err), "each would come back as a ticket")
	require.ErrorContains(t, err, "mailbox of this desk")
	found, err := q.s.StaffSettings(t.Context(), "lead")
	require.NoError(t, err)
	require.Equal(t, ticket.NoticeOff, found.Mail)
	found, err = q.s.StaffSettings(t.Context(), "admin")
	require.NoError(t, err)
	wanted := ticket.DefaultStaffSettings()
	wanted.Language, wanted.Theme = "en", "auto" // which the person always has
	require.Equal(t, wanted, found)
}
