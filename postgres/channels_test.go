package postgres

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
	"duradesk/webhook"
)

// aChannel is a desk that takes in what a program brings.
func aChannel(t *testing.T, q *Queue, verified ...string) Channel {
	t.Helper()
	c, err := q.s.AddChannel(t.Context(), Channel{Key: "line", Desk: "support", Kind: "chat", URL: "https://bridge.example/answers", Verified: verified, Enabled: true}, ticket.Secret(webhook.NewSecret()))
	require.NoError(t, err)
	return c
}

// says is a message in a conversation.
func says(c Channel, conversation, id, text string, who ticket.Client) ticket.Inbound {
	return ticket.Inbound{
		Channel: c.ID, Conversation: conversation, ID: id, Fingerprint: text, Person: strings.TrimPrefix(who.External, "line/"),
		Order: ticket.Order{
			ID: "channel:" + c.ID + ":" + id, Kind: ticket.ClientReply, By: ticket.Actor{Kind: ticket.ActorClient}, Name: who.Name, Writer: &who,
			Params:  ticket.Params{Reply: &ticket.ReplyParams{Channel: ticket.ChannelChat}},
			Message: &ticket.NewMessage{Body: text, Format: "text", Author: ticket.By{Kind: ticket.ActorClient, Name: who.Name}},
			Opening: &ticket.Opening{Desk: c.Desk, Title: text, Channel: ticket.ChannelChat, Client: who},
		},
	}
}

var yuki = ticket.Client{Name: "Yuki", External: "line/U1"}

func (q *Queue) mustTakeIn(t *testing.T, in ticket.Inbound) ticket.TakenIn {
	t.Helper()
	got, err := q.TakeIn(t.Context(), in)
	require.NoError(t, err)
	return got
}

func TestAConversationIsOneTicketUntilItIsClosed(t *testing.T) {
	t.Parallel()
	q := engine(t)
	c := aChannel(t, q)
	first := q.mustTakeIn(t, says(c, "room", "m-1", "動きません", yuki))
	require.False(t, first.Repeated)
	again := q.mustTakeIn(t, says(c, "room", "m-1", "動きません", yuki))
	require.True(t, again.Repeated)
	require.Equal(t, first.Number, again.Number)
	_, err := q.TakeIn(t.Context(), says(c, "room", "m-1", "another text", yuki))
	require.Equal(t, ticket.Conflict, ticket.CodeOf(err))
	q.settleAll(t, first.Number)
	require.Equal(t, first.Number, q.mustTakeIn(t, says(c, "room", "m-2", "まだです", yuki)).Number)
	require.NotEqual(t, first.Number, q.mustTakeIn(t, says(c, "another room", "m-3", "別件です", yuki)).Number)
	rec, err := q.s.Ticket(t.Context(), first.Number)
	require.NoError(t, err)
	require.Equal(t, &ticket.Conversation{Channel: "line", ID: "room"}, rec.Conversation)
	require.Equal(t, ticket.ChannelChat, rec.Process.Channel)

	// Closed: what is said in one breath goes on in one follow-up, whoever applies it when.
	q.mustStore(t, command("close", first.Number, ticket.Close, lead, ""))
	q.settleAll(t, first.Number)
	one := q.mustTakeIn(t, says(c, "room", "m-4", "もう一度", yuki))
	two := q.mustTakeIn(t, says(c, "room", "m-5", "お願いします", yuki))
	require.Equal(t, first.Number, one.Number, "the rules of its ticket decide")
	require.Equal(t, first.Number, two.Number)
	q.settleAll(t, first.Number)
	third := q.mustTakeIn(t, says(c, "room", "m-6", "どうですか", yuki))
	require.Greater(t, third.Number, first.Number)
	q.settleAll(t, third.Number)
	items, _, err := q.s.Timeline(t.Context(), third.Number, 0, 100, true)
	require.NoError(t, err)
	require.Equal(t, []string{"もう一度", "お願いします", "どうですか"}, wordsOf(items))
	rec, err = q.s.Ticket(t.Context(), third.Number)
	require.NoError(t, err)
	require.Equal(t, "room", rec.Conversation.ID)
	var tickets int
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select count(*) from tickets`).Scan(&tickets))
	require.Equal(t, 3, tickets)
}

func wordsOf(items []ticket.Item) []string {
	var out []string
	for _, i := range items {
		if i.Type == "message" {
			out = append(out, i.Body)
		}
	}
	return out
}

func TestTwoFirstMessagesAtOnceOpenOneTicket(t *testing.T) {
	t.Parallel()
	q := engine(t)
	c := aChannel(t, q)
	var wg sync.WaitGroup
	numbers := make([]ticket.Number, 8)
	for i := range numbers {
		wg.Go(func() {
			got, err := q.TakeIn(context.WithoutCancel(t.Context()), says(c, "room", "m-"+string(rune('a'+i/2)), "x", yuki))
			if err == nil {
				numbers[i] = got.Number
			}
		})
	}
	wg.Wait()
	for _, n := range numbers {
		require.NotZero(t, n)
		require.Equal(t, numbers[0], n)
	}
	var commands int
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select count(*) from commands where ticket = $1`, numbers[0]).Scan(&commands))
	require.Equal(t, 4, commands, "each message once")
}

func TestNobodyGetsAFileByNamingItsAddress(t *testing.T) {
	t.Parallel()
	q := engine(t)
	c := aChannel(t, q)
	victim := clientOf(t, q, opened(t, q))
	in := says(c, "room", "m-1", "let me in", ticket.Client{Name: "Mallory", External: "line/evil"})
	in.Claims = ticket.Claims{Email: victim.Email, Phone: "03-9999"}
	got := q.mustTakeIn(t, in)
	rec, err := q.s.Ticket(t.Context(), got.Number)
	require.NoError(t, err)
	require.NotEqual(t, victim.ID, rec.Client.ID)
	require.Empty(t, rec.Client.Email, "what is not proven is nobody's address")
	require.Equal(t, map[string]any{"claimed_email": victim.Email, "claimed_phone": "03-9999", "may_be_client": victim.ID}, rec.Fields)
	again := q.mustTakeIn(t, says(c, "elsewhere", "m-2", "me again", ticket.Client{Name: "Mallory", External: "line/evil"}))
	rec2, err := q.s.Ticket(t.Context(), again.Number)
	require.NoError(t, err)
	require.Equal(t, rec.Client.ID, rec2.Client.ID, "known by what the channel calls him")

	// The channel proves it: then it is he.
	proven := q.mustTakeIn(t, says(c, "third", "m-3", "it is me", ticket.Client{Name: "Yamada", Email: victim.Email, External: "line/yamada"}))
	rec, err = q.s.Ticket(t.Context(), proven.Number)
	require.NoError(t, err)
	require.Equal(t, victim.ID, rec.Client.ID)
	file, err := q.s.ClientFile(t.Context(), victim.ID, nil)
	require.NoError(t, err)
	require.Contains(t, file.Identities, Identity{"external", "line/yamada"})
}

func clientOf(t *testing.T, q *Queue, n ticket.Number) ticket.Client {
	t.Helper()
	rec, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	require.NotEmpty(t, rec.Client.Email)
	return rec.Client
}

func TestAChannelIsToldInOrderAndNeverInDoubtTwice(t *testing.T) {
	t.Parallel()
	q := engine(t)
	c := aChannel(t, q)
	n := q.mustTakeIn(t, says(c, "room", "m-1", "動きません", yuki)).Number
	q.settleAll(t, n)
	acknowledged := spokenOf(t, q, n)
	require.Len(t, acknowledged, 1, "an automatic word first")
	say(t, q, n, "紙をお入れください")
	all := spokenOf(t, q, n)
	require.Len(t, all, 2)
	answer := all[1]
	undone(t, q)

	first := begun(t, q, acknowledged[0])
	require.Equal(t, "acknowledge", first.Mail.Occasion)
	require.Equal(t, "https://bridge.example/answers", first.Channel.URL)
	require.Len(t, first.Channel.Secrets, 1)
	require.Equal(t, ticket.ChannelMessage{Channel: "line", Conversation: "room", Person: "U1"}, first.Said)
	require.Equal(t, "msg_"+acknowledged[0], first.Mail.MailID)
	require.Zero(t, begun(t, q, answer).No, "it waits for what was said before it")

	// A sender that dies after it has told: told again under the same id, and nobody calls it a failure of certainty.
	require.NoError(t, q.Data(t.Context(), acknowledged[0], first.No))
	second := begun(t, q, acknowledged[0])
	require.Equal(t, 2, second.No)
	require.True(t, second.Channel.Doubtful)
	require.ErrorIs(t, q.Data(t.Context(), acknowledged[0], first.No), ticket.ErrOvertaken)
	_, err := q.Finish(t.Context(), acknowledged[0], second.No, []ticket.End{{Address: second.Recipients[0], State: "accepted"}}, time.Time{})
	require.NoError(t, err)
	undone(t, q)
	third := begun(t, q, answer)
	require.Equal(t, 1, third.No)
	require.Equal(t, "紙をお入れください", third.Mail.Body)
	require.NotEmpty(t, third.Said.Message)
	items, _, err := q.s.Timeline(t.Context(), n, 0, 100, true)
	require.NoError(t, err)
	last := items[slices.IndexFunc(items, func(i ticket.Item) bool { return i.Type == "message" && i.By.Kind == ticket.ActorAgent })]
	require.Equal(t, []ticket.Recipient{{Address: "line/U1", State: "attempted", Attempts: 1, Channel: "line"}}, last.Delivery)
	require.False(t, last.HasRaw, "what a channel is told is no source of a mail")

	// Without an answer it may be there; given up it is uncertain, and people look.
	state, err := q.Finish(t.Context(), answer, third.No, []ticket.End{{Address: third.Recipients[0], State: "queued", Doubt: true}}, time.Now())
	require.NoError(t, err)
	require.Equal(t, "queued", state.State)
	require.True(t, begun(t, q, answer).Channel.Doubtful)
}

// spokenOf lists what a ticket tells its channel, in order.
func spokenOf(t *testing.T, q *Queue, n ticket.Number) (ids []string) {
	t.Helper()
	rows, err := q.s.pool.Query(t.Context(), `select id::text from deliveries where ticket = $1 and channel is not null order by created_at, id`, n)
	require.NoError(t, err)
	for rows.Next() {
		var id string
		require.NoError(t, rows.Scan(&id))
		ids = append(ids, id)
	}
	require.NoError(t, rows.Err())
	var mails int
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select count(*) from deliveries where ticket = $1 and channel is null`, n).Scan(&mails))
	require.Zero(t, mails, "nothing leaves by mail")
	return ids
}

// undone lets the time pass in which an answer can be taken back.
func undone(t *testing.T, q *Queue) {
	t.Helper()
	exec(t, q.s, `update deliveries set next_at = created_at where finished_at is null`)
}

func begun(t *testing.T, q *Queue, id string) ticket.Attempt {
	t.Helper()
	a, err := q.Begin(t.Context(), id)
	require.NoError(t, err)
	return a
}

func say(t *testing.T, q *Queue, n ticket.Number, text string) {
	t.Helper()
	q.mustStore(t, command("say "+text, n, ticket.AgentResponse, sato, text))
	q.settleAll(t, n)
}

func TestAChannelsKeyIsForEver(t *testing.T) {
	t.Parallel()
	q := engine(t)
	c := aChannel(t, q)
	n := q.mustTakeIn(t, says(c, "room", "m-1", "hello", yuki)).Number
	_, secrets, err := q.s.ChannelSecrets(t.Context(), "line")
	require.NoError(t, err)
	_, err = q.s.RotateChannel(t.Context(), "line", ticket.Secret(webhook.NewSecret()), time.Now().Add(time.Hour))
	require.NoError(t, err)
	_, both, err := q.s.ChannelSecrets(t.Context(), "line")
	require.NoError(t, err)
	require.Len(t, both, 2)
	require.Equal(t, secrets[0], both[1])
	var sealed []byte
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select secret from channels`).Scan(&sealed))
	require.NotContains(t, string(sealed), both[0].Reveal())

	require.NoError(t, q.s.DropChannel(t.Context(), "line"))
	require.Equal(t, ticket.NotFound, ticket.CodeOf(q.s.DropChannel(t.Context(), "line")))
	_, _, err = q.s.ChannelSecrets(t.Context(), "line")
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err))
	_, err = q.s.AddChannel(t.Context(), Channel{Key: "line", Desk: "support", Kind: "external", Enabled: true}, ticket.Secret(webhook.NewSecret()))
	require.Equal(t, ticket.Conflict, ticket.CodeOf(err), "whom the earlier one knew must not be whom this one names")
	_, err = q.s.AddChannel(t.Context(), Channel{Key: "other", Desk: "nowhere", Kind: "external"}, ticket.Secret(webhook.NewSecret()))
	require.Equal(t, ticket.Invalid, ticket.CodeOf(err))
	rec, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	require.Equal(t, "room", rec.Conversation.ID, "it shows where it came from")
}

func TestWhatAChannelWasToldIsListedTheNewestFirst(t *testing.T) {
	t.Parallel()
	q := engine(t)
	c := aChannel(t, q)
	n := q.mustTakeIn(t, says(c, "room", "m-1", "動きません", yuki)).Number
	q.settleAll(t, n)
	say(t, q, n, "紙をお入れください")
	undone(t, q)
	ids := spokenOf(t, q, n)
	a := begun(t, q, ids[0])
	_, err := q.Finish(t.Context(), ids[0], a.No, []ticket.End{{Address: a.Recipients[0], State: "failed", Reason: "410 Gone"}}, time.Time{})
	require.NoError(t, err)

	first, next, err := q.s.ChannelDeliveries(t.Context(), "line", "", 1)
	require.NoError(t, err)
	require.Len(t, first, 1)
	require.Equal(t, []any{"msg_" + ids[1], n, "room", "answer", "queued", 0}, []any{first[0].ID, first[0].Ticket, first[0].Conversation, first[0].Kind, first[0].State, first[0].Attempts})
	require.NotNil(t, first[0].NextAt)
	require.Nil(t, first[0].DoneAt)
	second, end, err := q.s.ChannelDeliveries(t.Context(), "line", next, 1)
	require.NoError(t, err)
	require.Empty(t, end)
	require.Len(t, second, 1)
	require.Equal(t, []any{"msg_" + ids[0], "acknowledge", "failed", 1, "410 Gone"}, []any{second[0].ID, second[0].Kind, second[0].State, second[0].Attempts, second[0].Reason})
	require.NotNil(t, second[0].DoneAt)
	require.Nil(t, second[0].NextAt)

	_, err = q.s.AddChannel(t.Context(), Channel{Key: "quiet", Desk: "support", Kind: "chat", Enabled: true}, ticket.Secret(webhook.NewSecret()))
	require.NoError(t, err)
	none, _, err := q.s.ChannelDeliveries(t.Context(), "quiet", "", 10)
	require.NoError(t, err)
	require.Empty(t, none, "another's")
	_, _, err = q.s.ChannelDeliveries(t.Context(), "quiet", next, 10)
	require.Equal(t, ticket.Invalid, ticket.CodeOf(err), "a cursor of another channel")
	_, _, err = q.s.ChannelDeliveries(t.Context(), "nowhere", "", 10)
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err))
}
