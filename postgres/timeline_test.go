package postgres

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestTimelineTellsTheStory(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	lay(t, s, laid{number: 1001}, laid{number: 1002})
	client, sato := ticket.By{Kind: ticket.ActorClient, ID: "c_1", Name: "山田"}, ticket.By{Kind: ticket.ActorAgent, ID: "sato", Name: "Sato"}
	asked := said(t, s, 1001, 1, client, false, "動きません")
	ack := uuid.NewString()
	exec(t, s, `insert into deliveries (id, ticket, occasion, mail_id, next_at, created_at) values ($1, 1001, 'acknowledge', 'm0', $2, $2)`, ack, noon)
	exec(t, s, `insert into recipients (delivery, address, state, attempts) values ($1, 'yamada@client.example', 'accepted', 1)`, ack)
	exec(t, s, `insert into events (ticket, revision, n, seq, at, type, name, by_kind, by_id, by_name, command_id, data) values (1001, 2, 2, 2, $1, 'event', 'acknowledged', 'system', 'system', 'Duradesk', 'c2', jsonb_build_object('delivery', $2::text))`, noon, ack)
	said(t, s, 1001, 3, sato, true, "he sounds cross")
	answered := said(t, s, 1001, 4, sato, false, "**Hold on**")
	exec(t, s, `update messages set body_format = 'markdown', html = '<b>Hold on</b>' where id = $1`, answered)
	exec(t, s, `insert into blobs (hash, data) values ('\x01', 'a'), ('\x02', 'bb')`)
	exec(t, s, `insert into attachments (id, message, position, name, type, size, blob) values (gen_random_uuid(), $1, 1, 'b.txt', 'text/plain', 2, '\x02'), (gen_random_uuid(), $1, 0, 'a.txt', 'text/plain', 1, '\x01')`, answered)
	answer := uuid.NewString()
	exec(t, s, `insert into deliveries (id, ticket, message, occasion, mail_id, next_at, created_at, raw, reason) values ($1, 1001, $2, 'interim', 'm1', $3, $3, 'raw', 'greylisted')`, answer, answered, noon)
	exec(t, s, `insert into recipients (delivery, address, cc, state, attempts, reason) values ($1, 'a-cc@client.example', true, 'failed', 2, '550 unknown'), ($1, 'yamada@client.example', false, 'queued', 0, null)`, answer)
	exec(t, s, `insert into events (ticket, revision, n, seq, at, type, name, from_state, to_state, by_kind, by_id, by_name, command_id, rule, why) values (1001, 4, 5, 4, $1, 'event', 'held', 'open', 'on_hold', 'agent', 'sato', 'Sato', 'c4', 'open.hold', 'an agent waits for the client')`, noon)
	exec(t, s, `update events set from_state = 'new', to_state = 'open' where n = 4`)

	items, next, err := s.Timeline(t.Context(), 1001, 0, 200, true)
	require.NoError(t, err)
	require.Zero(t, next)
	require.Len(t, items, 5)
	require.Equal(t, ticket.Item{ID: asked, Seq: 1, Revision: 1, At: noon.Add(time.Second), Type: "message", By: client, CommandID: "cmd1", Body: "動きません", Format: "text", MessageID: asked}, items[0])
	require.Equal(t, []ticket.Recipient{{Address: "yamada@client.example", State: "accepted", Attempts: 1}}, items[1].Delivery)
	require.Equal(t, "acknowledged", items[1].Event.Name)
	require.Equal(t, ack, items[1].Event.Data["delivery"])
	require.Empty(t, items[1].MessageID)
	require.NotEmpty(t, items[1].ID)
	require.Equal(t, "note", items[2].Type)
	require.Nil(t, items[2].Event)
	require.Equal(t, "<b>Hold on</b>", items[3].HTML)
	require.Equal(t, "markdown", items[3].Format)
	require.True(t, items[3].HasRaw)
	require.Equal(t, []string{"a.txt", "b.txt"}, []string{items[3].Attachments[0].Name, items[3].Attachments[1].Name})
	require.Equal(t, []ticket.Recipient{
		{Address: "yamada@client.example", State: "queued", Reason: "greylisted"}, {Address: "a-cc@client.example", State: "failed", Attempts: 2, Reason: "550 unknown"},
	}, items[3].Delivery)
	require.Equal(t, ticket.Open, items[3].Event.To, "a message that moved the ticket says so")
	require.Equal(t, &ticket.Event{Name: "held", From: ticket.Open, To: ticket.OnHold, Cause: ticket.Cause{Rule: "open.hold", Why: "an agent waits for the client"}, Data: map[string]any{}}, items[4].Event)

	forClient, _, err := s.Timeline(t.Context(), 1001, 0, 200, false)
	require.NoError(t, err)
	require.Len(t, forClient, 4)
	for _, i := range forClient {
		require.NotEqual(t, "note", i.Type)
	}

	none, next, err := s.Timeline(t.Context(), 1002, 0, 10, true)
	require.NoError(t, err)
	require.Empty(t, none)
	require.Zero(t, next)
	_, _, err = s.Timeline(t.Context(), 1003, 0, 10, true)
	require.Equal(t, ticket.NotFound, code(err))
	_, _, err = s.Timeline(t.Context(), 1001, 0, 201, true)
	require.Equal(t, ticket.Invalid, code(err))
}

func TestTimelinePages(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	lay(t, s, laid{number: 1001})
	for line := int64(1); line <= 11; line++ {
		said(t, s, 1001, line, ticket.By{Kind: ticket.ActorAgent, ID: "sato"}, line%3 == 0, "x")
	}
	for _, notes := range []bool{true, false} {
		var met []int64
		for after := int64(0); ; {
			items, next, err := s.Timeline(t.Context(), 1001, after, 2, notes)
			require.NoError(t, err)
			for _, i := range items {
				met = append(met, i.Seq)
			}
			if after = next; next == 0 {
				break
			}
		}
		if notes {
			require.Equal(t, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, met)
		} else {
			require.Equal(t, []int64{1, 2, 4, 5, 7, 8, 10, 11}, met)
		}
	}
	items, next, err := s.Timeline(t.Context(), 1001, 11, 2, true)
	require.NoError(t, err)
	require.Empty(t, items)
	require.Zero(t, next)
}

func TestTimelinePagesBackwards(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	lay(t, s, laid{number: 1001}, laid{number: 1002})
	for line := int64(1); line <= 7; line++ {
		said(t, s, 1001, line, ticket.By{Kind: ticket.ActorAgent, ID: "sato"}, line%3 == 0, "x")
	}
	for notes, wanted := range map[bool][][]int64{true: {{5, 6, 7}, {2, 3, 4}, {1}}, false: {{4, 5, 7}, {1, 2}}} {
		var met [][]int64
		for before := int64(0); ; {
			items, next, err := s.TimelineBefore(t.Context(), 1001, before, 3, notes)
			require.NoError(t, err)
			var page []int64
			for _, i := range items {
				page = append(page, i.Seq)
			}
			met = append(met, page)
			if before = next; next == 0 {
				break
			}
		}
		require.Equal(t, wanted, met)
	}
	none, next, err := s.TimelineBefore(t.Context(), 1002, 0, 10, true)
	require.NoError(t, err)
	require.Empty(t, none)
	require.Zero(t, next)
	_, _, err = s.TimelineBefore(t.Context(), 1003, 0, 10, true)
	require.Equal(t, ticket.NotFound, code(err))
}
