package activities

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
	"duradesk/ticket"
)

var noticeID = strings.Trim(keys.MessageID(mail.KindAgent, deliveryID, "desk.example"), "<>")

func TestWhatAnAnswerToANoticeBecomes(t *testing.T) {
	t.Parallel()
	const words = "Please call him.\r\n\r\nOn Mon, Duradesk wrote:\r\n> The first answer is late."
	sato := ticket.NoticeMailed{Agent: "sato", Name: "Sato", Email: "Sato@desk.example", Role: ticket.RoleAgent, Number: 1042, Desk: "support", Sees: true}
	digest, gone := sato, sato
	digest.Number, gone.Sees = 0, false
	answers := func(from string, lines ...string) string {
		raw := letter("a", "Re: The first answer is late (ticket 1042)", words, append(lines, "In-Reply-To: <"+noticeID+">")...)
		return strings.Replace(raw, "Yamada <yamada@client.example>", from, 1)
	}
	for what, c := range map[string]struct {
		notice   *ticket.NoticeMailed
		raw      string
		authserv string
		fate     string
		order    ticket.Kind // NoKind: none
		number   ticket.Number
	}{
		"a note of the ticket":             {&sato, answers("Sato <sato@desk.example>"), "", "message", ticket.Note, 1042},
		"an absence note":                  {&sato, answers("Sato <sato@desk.example>", "Auto-Submitted: auto-replied"), "", "automatic", ticket.NoKind, 0},
		"proved by the receiving host":     {&sato, answers("Sato <sato@desk.example>", "Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example"), "mx.desk.example", "message", ticket.Note, 1042},
		"not proved":                       {&sato, answers("Sato <sato@desk.example>"), "mx.desk.example", "quarantined", ticket.NoKind, 0},
		"forged":                           {&sato, answers("Sato <sato@desk.example>", "Authentication-Results: mx.desk.example; dmarc=fail header.from=desk.example"), "mx.desk.example", "quarantined", ticket.NoKind, 0},
		"to a digest":                      {&digest, answers("Sato <sato@desk.example>"), "", "quarantined", ticket.NoKind, 0},
		"by one who has left the desk":     {&gone, answers("Sato <sato@desk.example>"), "", "quarantined", ticket.NoKind, 0},
		"by a stranger who got hold of it": {&sato, answers("Eve <eve@client.example>"), "", "message", ticket.ClientReply, 0},
		"to a notice that is not there":    {nil, answers("Sato <sato@desk.example>"), "", "message", ticket.ClientReply, 0},
	} {
		b := newBox()
		b.notice, b.settings.Authserv = c.notice, c.authserv
		// Were it taken for a client's answer, it would find the ticket.
		b.found.Tickets[deliveryID] = ticket.FoundTicket{Number: 1042, Desk: "support", Participant: true}
		b.mails[1] = c.raw
		b.watch(t)
		f := b.of(1)
		require.Equal(t, c.fate, f.Fate, what)
		if c.order == ticket.NoKind {
			require.Nil(t, f.Order, what)
			continue
		}
		require.Equal(t, c.order, f.Order.Kind, what)
		require.Equal(t, c.number, f.Order.Number, "%s: never into the ticket as a client's words", what)
		if c.order == ticket.Note {
			require.Equal(t, ticket.Actor{Kind: ticket.ActorAgent, ID: "sato", Role: ticket.RoleAgent}, f.Order.By)
			require.True(t, f.Order.Message.Note)
			require.Equal(t, "Please call him.", strings.TrimSpace(f.Order.Message.Visible))
			require.Nil(t, f.Order.Opening)
		}
	}
}

func TestAMailToStaffSaysWhyAndIsNobodysAnswer(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "ja"} {
		p := answer()
		p.attempt.Mail = ticket.Mail{
			Occasion: ticket.OccasionNotice, Language: lang, MailID: noticeID, Date: noon, From: ticket.Address{Name: "サポート", Address: "support@desk.example"},
			To: []ticket.Address{{Address: "sato@desk.example"}}, Agent: "Sato",
			Notices: []ticket.NoticeLine{{Number: 1042, Title: "Printer\r\nBcc: x@y", Name: "first_response_breached", Audience: "owner", At: noon}},
		}
		p.attempt.From = ""
		d := p.hands(noon)
		d.ConsoleURL = "https://desk.example/"
		d.Say = func(lang, key string, args map[string]string) string {
			return lang + ":" + key + args["what"] + args["title"] + args["why"] + args["number"]
		}
		_, err := d.Send(t.Context(), deliveryID)
		require.NoError(t, err)
		m, _ := mail.Parse(p.sent, mail.Limits{})
		require.Equal(t, lang+":notice.subject"+lang+":event.first_response_breached1042", m.Subject)
		require.Contains(t, m.Text, "https://desk.example/tickets/1042")
		require.Contains(t, m.Text, lang+":audience.owner")
		require.Contains(t, m.Text, "Printer Bcc: x@y")
		require.Contains(t, string(p.sent), "Auto-Submitted: auto-generated")
		require.NotContains(t, string(p.sent), "Reply-To:")
		require.NotContains(t, string(p.sent), "In-Reply-To:")
		require.Empty(t, p.from, "nothing answers it by itself")
		require.Equal(t, noticeID, strings.Trim(m.MessageID, "<>"))
	}
}

// staff is a record in which two mails are made.
type staff struct{ err error }

func (s staff) MailNotices(context.Context, string) (ticket.NoticeState, error) {
	return ticket.NoticeState{Deliveries: []string{"d1", "d2"}, NextAt: noon}, s.err
}

type startBell struct {
	Bell
	started []string
}

func (b *startBell) StartDelivery(_ context.Context, id string) error {
	b.started = append(b.started, id)
	return errors.New("Temporal is away")
}

func TestMailsToStaffAreStartedAndTheRestIsTheRelays(t *testing.T) {
	t.Parallel()
	b := &startBell{}
	n := &Notices{Staff: staff{}, Bell: b, Log: slog.New(slog.DiscardHandler)}
	state, err := n.MailNotices(t.Context(), "sato")
	require.NoError(t, err)
	require.Equal(t, []string{"d1", "d2"}, b.started)
	require.Equal(t, noon, state.NextAt)
	n.Staff = staff{&ticket.Error{Code: ticket.NotFound, Message: "gone"}}
	_, err = n.MailNotices(t.Context(), "sato")
	require.ErrorContains(t, err, "gone")
}
