package postgres

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestWordsFollowTheirTickets: what is stored is found once it is applied, under the ticket that it belongs to now.
func TestWordsFollowTheirTickets(t *testing.T) {
	t.Parallel()
	s, ctx := furnished(t), t.Context()
	q := NewQueue(s, QueueConfig{Mint: testMint{}})
	order := func(id string, n ticket.Number, kind ticket.Kind, body string) ticket.Order {
		return ticket.Order{
			ID: id, Number: n, Kind: kind, By: ticket.Actor{Kind: ticket.ActorAgent, ID: "sato", Role: ticket.RoleLead}, Name: "Sato",
			Message: &ticket.NewMessage{Body: body, Format: "text", Author: ticket.By{Kind: ticket.ActorAgent, ID: "sato", Name: "Sato"}},
		}
	}
	opening := order("o1", 0, ticket.Create, "紙詰まりです\n> quoted history")
	opening.Message.Visible, opening.Message.Author = "紙詰まりです", ticket.By{Kind: ticket.ActorClient}
	opening.Opening = &ticket.Opening{Desk: "support", Title: "Printers", Channel: ticket.ChannelPhone, Client: ticket.Client{Name: "佐々木", Email: "sasaki@client.example"}}
	r, _, err := q.Store(ctx, opening)
	require.NoError(t, err)
	n := r.Number
	require.Empty(t, listed1(t, s, Query{Text: "紙詰まり"}), "stored, not applied yet")
	apply := func(n ticket.Number) {
		_, err := q.Apply(ctx, ticket.ApplyInput{Number: n})
		require.NoError(t, err)
	}
	apply(n)
	for _, text := range []string{"紙詰まり", "printer", "佐々木", "sasaki@client.example", "history", "channel:phone", "waiting<1h"} {
		require.Equal(t, []ticket.Number{n}, listed1(t, s, Query{Text: text}), text)
	}

	note := order("n1", n, ticket.Note, "internal giraffe\n> hidden quote")
	note.Message.Note, note.Message.Visible = true, "internal giraffe"
	_, _, err = q.Store(ctx, note)
	require.NoError(t, err)
	title := "スキャナー"
	_, _, err = q.Store(ctx, ticket.Order{ID: "c1", Number: n, Kind: ticket.Classify, By: note.By, Params: ticket.Params{Classify: &ticket.ClassifyParams{Title: &title}}})
	require.NoError(t, err)
	apply(n)
	require.Equal(t, []ticket.Number{n}, listed1(t, s, Query{Text: "giraffes title:すきゃなー"}))
	require.Empty(t, listed1(t, s, Query{Text: "hidden"}), "what a reply quotes stands in its ticket already")
	require.Empty(t, listed1(t, s, Query{Title: "printer"}))

	var message string
	require.NoError(t, s.pool.QueryRow(ctx, `select id::text from messages where note`).Scan(&message))
	_, _, err = q.Store(ctx, ticket.Order{ID: "s1", Number: n, Kind: ticket.Split, By: note.By, Params: ticket.Params{Split: &ticket.SplitParams{Message: message}}})
	require.NoError(t, err)
	apply(n)
	apply(n + 1)
	require.Equal(t, []ticket.Number{n + 1}, listed1(t, s, Query{Text: "giraffe", States: ticket.States()}))

	for id, kind := range map[string]ticket.Kind{"r1": ticket.Resolve} {
		_, _, err = q.Store(ctx, ticket.Order{ID: id, Number: n, Kind: kind, By: note.By, Params: ticket.Params{Resolve: &ticket.ResolveParams{Category: ticket.CategorySpam}}})
		require.NoError(t, err)
	}
	_, _, err = q.Store(ctx, ticket.Order{ID: "d1", Number: n, Kind: ticket.Delete, By: note.By})
	require.NoError(t, err)
	apply(n)
	requireCount(t, s, 0, `select count(*) from message_words w join messages m on m.id = w.message where m.ticket = $1`, n)
	requireCount(t, s, 0, `select count(*) from ticket_words where ticket = $1`, n)
}

// TestWordsAreCutAfterwards: a database with tickets gets its words by Migrate, however often that is ended.
func TestWordsAreCutAfterwards(t *testing.T) {
	t.Parallel()
	s := few(t)
	forget := func() {
		exec(t, s, `truncate ticket_words, message_words`)
		exec(t, s, `update clients set words = null`)
		exec(t, s, `delete from facts where name like 'words%'`)
	}
	forget()
	require.Empty(t, listed1(t, s, Query{Text: "slow"}))
	conn, err := pgx.Connect(t.Context(), s.pool.Config().ConnString())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	ctx, cancel := context.WithCancel(t.Context())
	require.Error(t, fillWords(ctx, conn, func(what string, _ int) {
		if what == "tickets" {
			cancel()
		}
	}))
	require.NoError(t, Migrate(t.Context(), s.pool.Config().ConnString()))
	for _, text := range []string{"slow", "紙詰まり", "山田"} {
		require.Contains(t, listed1(t, s, Query{Text: text}), ticket.Number(1001), text)
	}
	requireCount(t, s, 7, `select count(*) from ticket_words`)
	requireCount(t, s, 3, `select count(*) from message_words`)

	exec(t, s, `update facts set value = 'of another time' where name = 'words'`)
	exec(t, s, `update ticket_words set words = ''`)
	require.NoError(t, Migrate(t.Context(), s.pool.Config().ConnString()))
	require.Equal(t, []ticket.Number{1001}, listed1(t, s, Query{Text: "slow"}))
}

// waysFindTheSame: found or walked to, page by page, a list is the same.
func waysFindTheSame(t *testing.T, s *Store) {
	for _, text := range []string{"thing", "thing say", `"about thing 7"`, "or(thing nothing) state:open", "email:client.example state:new", "-977 state:open", "client 77"} {
		var seen [][]ticket.Number
		for _, w := range []way{plain, seeded, walked} {
			q := Query{Text: text, Limit: 50}
			l, err := s.listing(t.Context(), q)
			require.NoError(t, err)
			if l.way = w; w == seeded && l.seeds == nil {
				continue
			}
			var all []ticket.Number
			for range 3 {
				f, err := s.look(t.Context(), l)
				require.NoError(t, err)
				for _, p := range f.places[:min(len(f.places), l.limit)] {
					all = append(all, ticket.Number(p.number))
				}
				if len(f.places) <= l.limit {
					break
				}
				at, err := l.order.read(l.order.write(f.places[l.limit-1], l.hash), l.hash)
				require.NoError(t, err)
				l.after = &at
			}
			require.NotEmpty(t, all, text)
			seen = append(seen, all)
		}
		for _, other := range seen[1:] {
			require.Equal(t, seen[0], other, text)
		}
	}
}
