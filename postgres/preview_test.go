package postgres

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
	"duradesk/ticket"
)

// What is shown before is what is sent after: text, HTML, subject, recipients.
func TestAPreviewIsTheMailThatIsSent(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	exec(t, q.s, `update desks set manner = manner || '{"undo_send": 7, "signature": {"ja": "株式会社サポート"}}' where key = 'support'`)
	_, err := q.s.PutPiece(t.Context(), Piece{Kind: "template", Desk: "support", Key: "answer.ja.short", Body: []byte(`{"source": "Subject: {{ticket.title}}\n\n{{message}}\n\n{{desk.signature}}"}`)})
	require.NoError(t, err)
	for id, k := range map[string]ticket.Kind{"a": ticket.AgentResponse, "b": ticket.Resolve, "c": ticket.Hold, "d": ticket.AgentResponse} {
		m := ticket.NewMessage{Body: "次の**表**を\nご覧ください。" + id, Format: map[string]string{"a": "markdown", "b": "html", "c": "text", "d": "markdown"}[id], Cc: []string{"chief@client.example", "yamada@client.example"}}
		if id == "d" {
			m.Template = "short"
		}
		shown, err := q.Preview(t.Context(), n, k, "sato", m)
		require.NoError(t, err)
		require.Equal(t, 7*time.Second, shown.Undo)
		o := command(id, n, k, sato, m.Body)
		o.Message.Format, o.Message.Cc, o.Message.Template = m.Format, m.Cc, m.Template
		if k == ticket.Hold {
			o.Params.Hold = &ticket.HoldParams{Reason: ticket.HoldClient}
		}
		require.Equal(t, ticket.Applied, q.carried(t, o).Outcome)
		exec(t, q.s, `update deliveries set next_at = now()`)
		sent, err := q.Begin(t.Context(), deliveryOf(t, q, id))
		require.NoError(t, err)
		read := func(m ticket.Mail) mail.Reading {
			letter, err := mail.Letter(m)
			require.NoError(t, err)
			reading, err := letter.Read()
			require.NoError(t, err)
			return reading
		}
		require.Equal(t, read(sent.Mail), read(shown), id)
		require.Equal(t, id == "d", shown.Template != "", "the template that the message names")
		require.Equal(t, [3]any{sent.Mail.From, sent.Mail.To, sent.Mail.Cc}, [3]any{shown.From, shown.To, shown.Cc})
		require.Equal(t, sent.Mail.InReplyTo, shown.InReplyTo)
	}
	_, err = q.Preview(t.Context(), 4711, ticket.Resolve, "sato", ticket.NewMessage{Body: "x"})
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err))
}
