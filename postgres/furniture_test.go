package postgres

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func put(t *testing.T, s *Store, kind, desk, key string, body any) Piece {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	p, err := s.PutPiece(t.Context(), Piece{Kind: kind, Desk: desk, Key: key, Body: raw, ChangedBy: "lead"})
	require.NoError(t, err)
	return p
}

func TestPieces(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	p := put(t, s, "macro", "support", "thanks", ticket.Macro{Name: ticket.Words{EN: "Thanks"}})
	require.Equal(t, int64(1), p.Revision)
	put(t, s, "macro", "", "thanks", ticket.Macro{Name: ticket.Words{EN: "For all"}})
	_, err := s.PutPiece(ctx, Piece{Kind: "macro", Desk: "support", Key: "thanks", Body: []byte(`{}`)})
	require.Equal(t, ticket.Conflict, code(err))
	p.Position, p.Body = 3, []byte(`{"name": {"en": "Many thanks"}}`)
	changed, err := s.PutPiece(ctx, p)
	require.NoError(t, err)
	require.Equal(t, int64(2), changed.Revision)
	_, err = s.PutPiece(ctx, p)
	require.Equal(t, "changed_meanwhile", keyOf(t, err))
	all, err := s.Pieces(ctx, "macro")
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, changed, all[1])
	require.NoError(t, s.DropPiece(ctx, "macro", "support", "thanks"))
	require.Equal(t, ticket.NotFound, code(s.DropPiece(ctx, "macro", "support", "thanks")))
}

func TestForbiddenWords(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	word, err := s.PutForbiddenWord(ctx, ForbiddenWord{Desk: "support", Word: "必ず", Action: "warn", Note: "できる限り"}, "lead")
	require.NoError(t, err)
	_, err = s.PutForbiddenWord(ctx, ForbiddenWord{Word: "必ず", Action: "block"}, "admin")
	require.NoError(t, err, "every desk's list is another one")
	require.Equal(t, ticket.Conflict, code(second(s.PutForbiddenWord(ctx, ForbiddenWord{Desk: "support", Word: "必ず", Action: "warn"}, "lead"))))
	require.Equal(t, ticket.Invalid, code(second(s.PutForbiddenWord(ctx, ForbiddenWord{Desk: "nowhere", Word: "x", Action: "warn"}, "lead"))))
	word.Action = "block"
	_, err = s.PutForbiddenWord(ctx, word, "lead")
	require.NoError(t, err)
	words, err := s.ForbiddenWords(ctx)
	require.NoError(t, err)
	require.Len(t, words, 2)
	require.Equal(t, word, words[1])
	require.NoError(t, s.DropForbiddenWord(ctx, word.ID))
	require.Equal(t, ticket.NotFound, code(second(s.PutForbiddenWord(ctx, word, "lead"))))
}

// TestAMailLooksAsItsDeskSays: the desk's own template, the one that the message names before the standard one, the
// signature in the client's language, the layout, the days until it closes.
func TestAMailLooksAsItsDeskSays(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx := t.Context()
	for name, source := range map[string]string{"": "Subject: standard\n\n{{message}}", "polite": "Subject: polite\n\n{{message}}"} {
		put(t, q.s, "template", "support", ticket.TemplateKey("answer", "ja", name), ticket.Template{Occasion: "answer", Language: "ja", Name: name, Source: source})
	}
	d, err := q.s.Desk(ctx, "support")
	require.NoError(t, err)
	d.Manner.Signature, d.Manner.Layout, d.Settings.AutoCloseDays = ticket.Words{EN: "Example Ltd", JA: "株式会社例"}, ticket.LayoutText, 10
	_, err = q.s.ChangeDesk(ctx, d)
	require.NoError(t, err)
	n := openedAs(t, q, "first")
	look := func(id, template string, kind ticket.Kind) ticket.Mail {
		o := command(id, n, kind, sato, "本文")
		o.Message.Template = template
		q.mustStore(t, o)
		out := q.mustApply(t, ticket.ApplyInput{Number: n})
		delivery := out.Effects[len(out.Effects)-1].Delivery
		exec(t, q.s, `update deliveries set next_at = created_at where id = $1`, delivery)
		a, err := q.Begin(t.Context(), delivery)
		require.NoError(t, err)
		return a.Mail
	}
	m := look("a1", "", ticket.AgentResponse)
	require.True(t, strings.HasPrefix(m.Template, "Subject: standard"))
	require.Equal(t, "株式会社例", m.Signature)
	require.Equal(t, ticket.LayoutText, m.Layout)
	require.Equal(t, 10, m.CloseDays)
	require.True(t, strings.HasPrefix(look("a2", "polite", ticket.AgentResponse).Template, "Subject: polite"))
	require.True(t, strings.HasPrefix(look("a3", "unknown", ticket.AgentResponse).Template, "Subject: standard"))
	require.Empty(t, look("a4", "", ticket.Resolve).Template, "no own one for this occasion")
}

// TestTriggersActOnWhatIsOpened: the first that assigns wins, what they did names them as its cause, and an owner that a
// trigger chose is moved by a lead only (N9, N14).
func TestTriggersActOnWhatIsOpened(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx := t.Context()
	put(t, q.s, "trigger", "support", "a-printers", ticket.Trigger{
		Name: "プリンター", Enabled: true, When: ticket.TriggerWhen{Channels: []ticket.Channel{ticket.ChannelMail}, Title: []string{"プリンター"}},
		Then: ticket.TriggerAction{Group: "tier2", Owner: "sato", Priority: ticket.High, Tags: []string{"printer", "hardware"}},
	})
	put(t, q.s, "trigger", "", "b-rest", ticket.Trigger{Name: "Rest", Enabled: true, Then: ticket.TriggerAction{Group: "support", Tags: []string{"new"}}})
	put(t, q.s, "trigger", "support", "c-off", ticket.Trigger{Name: "Off", Then: ticket.TriggerAction{Priority: ticket.Urgent}})
	put(t, q.s, "trigger", "support", "d-others", ticket.Trigger{Name: "Others", Enabled: true, When: ticket.TriggerWhen{Senders: []string{"@elsewhere.example"}}, Then: ticket.TriggerAction{Priority: ticket.Low}})

	n := openedAs(t, q, "first")
	p := q.process(t, n)
	require.Equal(t, []any{ticket.Open, "sato", "tier2", ticket.High, true}, []any{p.State, p.Owner, p.Group, p.Priority, p.Triggered})
	rec, err := q.s.Ticket(ctx, n)
	require.NoError(t, err)
	require.Equal(t, []string{"hardware", "new", "printer"}, rec.Tags)
	items, _, err := q.s.Timeline(ctx, n, 0, 100, true)
	require.NoError(t, err)
	causes := []string{}
	for _, i := range items {
		if i.Event != nil && strings.HasPrefix(i.Event.Cause.Rule, "trigger/") {
			causes = append(causes, i.Event.Name+" "+i.Event.Cause.Rule+" "+i.Event.Cause.Why+" "+i.By.Name)
		}
	}
	require.Equal(t, []string{
		"classified trigger/a-printers channels, title プリンター", "classified trigger/a-printers channels, title プリンター",
		"assigned trigger/a-printers channels, title プリンター", "classified trigger/b-rest  Rest",
	}, causes)

	move := command("move", n, ticket.Assign, sato, "")
	move.Params.Assign = &ticket.AssignParams{Owner: ptrTo("lead")}
	r := q.mustStore(t, move)
	q.mustApply(t, ticket.ApplyInput{Number: n})
	require.Equal(t, "owner_needs_lead", q.receipt(t, r).Reason)

	// Once, at the opening; a reply asks nobody. Who has left gets nothing.
	q.mustStore(t, mailIn("again", n, "プリンター"))
	q.mustApply(t, ticket.ApplyInput{Number: n})
	require.Equal(t, "sato", q.process(t, n).Owner)
	exec(t, q.s, `update agents set disabled_at = now() where key = 'sato'`)
	p = q.process(t, openedAs(t, q, "second"))
	require.Equal(t, []any{ticket.New, "", "tier2"}, []any{p.State, p.Owner, p.Group})

	// What a person chose stays.
	chosen := mailIn("third", 0, "x")
	chosen.Kind, chosen.By, chosen.Params = ticket.Create, lead, ticket.Params{Create: &ticket.CreateParams{Owner: "lead", Group: "support"}}
	third := q.mustStore(t, chosen)
	q.mustApply(t, ticket.ApplyInput{Number: third.Number})
	p = q.process(t, third.Number)
	require.Equal(t, []any{"lead", "support", false, ticket.High}, []any{p.Owner, p.Group, p.Triggered, p.Priority})
}

// TestATriggerThatGoesWrongSpoilsNoTicket: a group that is gone makes poison of the trigger's own command only.
func TestATriggerThatGoesWrongSpoilsNoTicket(t *testing.T) {
	t.Parallel()
	q := engine(t)
	put(t, q.s, "trigger", "support", "gone", ticket.Trigger{Name: "Gone", Enabled: true, Then: ticket.TriggerAction{Group: "nowhere", Tags: []string{"seen"}}})
	r := q.mustStore(t, mailIn("first", 0, "help"))
	q.mustApply(t, ticket.ApplyInput{Number: r.Number})
	require.Equal(t, ticket.Applied, q.receipt(t, r).Outcome)
	p := q.process(t, r.Number)
	require.Equal(t, ticket.New, p.State)
	require.Empty(t, p.Group)
	require.True(t, p.Failed, "somebody sees it")
	rec, err := q.s.Ticket(t.Context(), r.Number)
	require.NoError(t, err)
	require.Equal(t, []string{"seen"}, rec.Tags)
}

func ptrTo[T any](v T) *T { return &v }
