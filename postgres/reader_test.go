package postgres

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestTicketIsReadWhole(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	exec(t, s, `insert into clients (id, name, email, number, access) values ('c_1', '山田', 'yamada@client.example', 'K-7', 'portal')`)
	due := noon.Add(6 * time.Hour)
	lay(t, s, laid{number: 1001}, laid{
		number: 1002, title: "プリンターが動きません", state: ticket.OnHold, owner: "sato", group: "support", priority: ticket.High, client: "c_1",
		tags: []string{"vip"}, nextDue: &due, due: &due,
	})
	exec(t, s, `insert into links (ticket, kind, other) values (1002, 'follow_up', 1001)`)
	exec(t, s, `update tickets set fields = '{"os": "BSD", "n": 3}', reception_type = 'fax', hold_until = $1, closes_at = $1, resolved_at = $1,
		last_by = 'agent', last_name = 'Sato', last_kind = 'public', last_at_message = $1, last_excerpt = 'はい' where number = 1002`, due)

	r, err := s.Ticket(t.Context(), 1002)
	require.NoError(t, err)
	require.Equal(t, ticket.Number(1002), r.Process.Number)
	require.Equal(t, ticket.OnHold, r.Process.State)
	require.Equal(t, "support", r.Process.Desk)
	require.NoError(t, uuid.Validate(r.Process.Ticket))
	require.Equal(t, ticket.Client{ID: "c_1", Name: "山田", Email: "yamada@client.example", Number: "K-7", Access: "portal"}, r.Client)
	require.Equal(t, []ticket.Link{{Kind: "follow_up", Number: 1001}}, r.Links)
	require.Equal(t, &ticket.LastMessage{By: ticket.ActorAgent, Name: "Sato", Kind: "public", At: due, Excerpt: "はい"}, r.Last)
	require.Equal(t, map[string]any{"os": "BSD", "n": 3.0}, r.Fields)
	require.Equal(t, "fax", r.ReceptionType)
	require.Equal(t, []string{"vip"}, r.Tags)
	require.Equal(t, ticket.DefaultSettings(), r.Settings)
	for _, at := range []*time.Time{r.HoldUntil, r.DueAt, r.ClosesAt, r.ResolvedAt} {
		require.Equal(t, due, *at)
	}
	require.Equal(t, noon.Add(1002*time.Second), r.CreatedAt, "instants are read as UTC, not merely as equal")

	bare, err := s.Ticket(t.Context(), 1001)
	require.NoError(t, err)
	require.Nil(t, bare.Last)
	require.Nil(t, bare.DueAt)
	require.Empty(t, bare.Links)

	_, err = s.Ticket(t.Context(), 4711)
	require.Equal(t, ticket.NotFound, code(err))
}

func TestTicketGoesByThePolicyPinnedToIt(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	lay(t, s, laid{number: 1001}, laid{number: 1002})
	exec(t, s, `insert into policies (desk, version, settings) values ('support', 2, '{"version": 2, "auto_close": 5}')`)
	exec(t, s, `update desks set policy = 2 where key = 'support'`)
	exec(t, s, `update tickets set process = process - 'policy' where number = 1002`)

	pinned, err := s.Ticket(t.Context(), 1001)
	require.NoError(t, err)
	require.Equal(t, 1, pinned.Settings.Version)
	present, err := s.Ticket(t.Context(), 1002)
	require.NoError(t, err)
	require.Equal(t, ticket.Settings{Version: 2, AutoClose: 5}, present.Settings)

	exec(t, s, `update tickets set process = jsonb_set(process, '{policy}', '9') where number = 1002`)
	_, err = s.Ticket(t.Context(), 1002)
	require.ErrorContains(t, err, "row of ticket 1002: its desk has no policy of version 9")
	exec(t, s, `update tickets set process = jsonb_set(process, '{state}', '"unheard_of"') where number = 1001`)
	_, err = s.Ticket(t.Context(), 1001)
	require.ErrorContains(t, err, "row of ticket 1001: its process")
}

// TestAPageHasEachTicketAsItIsAlone: what the tickets of a page share is understood once, and is each one's own all the same.
func TestAPageHasEachTicketAsItIsAlone(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	exec(t, s, `insert into calendars (key, version, spec) values ('office', 1, '{"key": "office"}'), ('office', 2, '{"key": "office", "version": 2}')`)
	exec(t, s, `insert into policies (desk, version, settings) values ('support', 2, '{"version": 2, "auto_close": 5, "calendar": "office"}')`)
	var all []laid
	for n := range ticket.Number(12) {
		all = append(all, laid{number: 1001 + n})
	}
	lay(t, s, all...)
	exec(t, s, `update tickets set process = process || jsonb_build_object('policy', 1 + number % 2, 'calendar', 1 + number / 2 % 3)`)
	page, err := s.List(t.Context(), Query{})
	require.NoError(t, err)
	require.Len(t, page.Items, len(all))
	calendars := map[string]bool{}
	for _, r := range page.Items {
		alone, err := s.Ticket(t.Context(), r.Process.Number)
		require.NoError(t, err)
		require.Equal(t, alone, r)
		calendars[string(r.Calendar)] = true
	}
	require.Len(t, calendars, 3, "two versions, and none")
}

func TestSourcesAndFiles(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	lay(t, s, laid{number: 1001})
	client := ticket.By{Kind: ticket.ActorClient, ID: "c_1", Name: "Yamada"}
	came := said(t, s, 1001, 1, client, false, "hello")
	went := said(t, s, 1001, 2, ticket.By{Kind: ticket.ActorAgent, ID: "sato"}, false, "hello back")
	phoned := said(t, s, 1001, 3, client, false, "ring ring")
	file := uuid.NewString()
	exec(t, s, `insert into blobs (hash, data) values ('\x01', 'From: y'), ('\x02', '%PDF')`)
	exec(t, s, `update messages set raw = '\x01' where id = $1`, came)
	exec(t, s, `insert into attachments (id, message, position, name, type, size, blob) values ($1, $2, 0, '見積.pdf', 'application/pdf', 4, '\x02')`, file, came)
	exec(t, s, `insert into deliveries (id, ticket, message, occasion, mail_id, next_at, created_at, raw) values (gen_random_uuid(), 1001, $1, 'answer', 'm1', $2, $2, 'Subject: re')`, went, noon)

	raw, err := s.Raw(t.Context(), came)
	require.NoError(t, err)
	require.Equal(t, "From: y", string(raw))
	raw, err = s.Raw(t.Context(), went)
	require.NoError(t, err)
	require.Equal(t, "Subject: re", string(raw))
	a, content, err := s.File(t.Context(), file)
	require.NoError(t, err)
	require.Equal(t, ticket.Attachment{ID: file, Name: "見積.pdf", Type: "application/pdf", Size: 4}, a)
	require.Equal(t, "%PDF", all(t, content))

	n, err := s.MessageTicket(t.Context(), phoned)
	require.NoError(t, err)
	require.Equal(t, ticket.Number(1001), n)
	n, note, err := s.FileTicket(t.Context(), file)
	require.NoError(t, err)
	require.Equal(t, ticket.Number(1001), n)
	require.False(t, note)
	exec(t, s, `update messages set note = true where id = $1`, came)
	_, note, err = s.FileTicket(t.Context(), file)
	require.NoError(t, err)
	require.True(t, note)

	requireNothing := func(id string) {
		t.Helper()
		_, err := s.Raw(t.Context(), id)
		require.Equal(t, ticket.NotFound, code(err))
		_, _, err = s.File(t.Context(), id)
		require.Equal(t, ticket.NotFound, code(err))
		_, _, err = s.FileTicket(t.Context(), id)
		require.Equal(t, ticket.NotFound, code(err))
	}
	for _, id := range []string{phoned, uuid.NewString(), "", "7", "{" + uuid.NewString() + "}", "urn:uuid:" + uuid.NewString(), "\x00", "------------------------------------"} {
		requireNothing(id)
	}
	// What belongs to a command that is not applied is kept, but not shown.
	exec(t, s, `update messages set applied = false`)
	requireNothing(came)
	requireNothing(file)
	_, err = s.MessageTicket(t.Context(), came)
	require.Equal(t, ticket.NotFound, code(err))
}
