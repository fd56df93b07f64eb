package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func listed1(t *testing.T, s *Store, q Query) []ticket.Number {
	t.Helper()
	p, err := s.List(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, len(p.Items), p.Total)
	require.Empty(t, p.Next)
	return numbersOf(p)
}

func numbersOf(p Page) []ticket.Number {
	out := []ticket.Number{}
	for _, r := range p.Items {
		out = append(out, r.Process.Number)
	}
	return out
}

// few is a small desk in which every criterion tells some tickets from others.
func few(t *testing.T) *Store {
	t.Helper()
	s := furnished(t)
	exec(t, s, `insert into clients (id, name, email, phone, number) values
		('c_yamada', '山田 太郎', 'Yamada@Client.example', '03-1234-5678', 'K-100'), ('c_obrien', 'O''Brien 100%', 'ob_rien@client.example', null, null)`)
	exec(t, s, `insert into identities (kind, value, client) values ('mail', 'yamada@client.example', 'c_yamada'), ('mail', 'taro@home.example', 'c_yamada'),
		('phone', '0312345678', 'c_yamada'), ('number', 'k-100', 'c_yamada'), ('mail', 'ob_rien@client.example', 'c_obrien')`)
	lay(
		t, s,
		laid{number: 1001, title: "Printer is slow", client: "c_yamada", state: ticket.New, priority: ticket.Low, group: "support"},
		laid{number: 1002, title: "プリンターが動きません", client: "c_yamada", state: ticket.Open, owner: "sato", group: "support", language: "ja", channel: ticket.ChannelPhone},
		laid{number: 1003, title: "100% broken_thing", client: "c_obrien", state: ticket.OnHold, owner: "lead", group: "tier2", priority: ticket.Urgent, tags: []string{"vip", "late"}},
		laid{number: 1004, title: "Repair it", client: "c_obrien", state: ticket.Closed, desk: "repair", kind: "incident", tags: []string{"late"}},
		laid{number: 1005, title: "Buy now", state: ticket.Spam, category: ticket.CategorySpam},
		laid{number: 1006, title: "", state: ticket.Deleted},
		laid{number: 1007, title: "100 brokenXthing", state: ticket.ResolvedInternally, category: ticket.CategoryTest, owner: "sato"},
	)
	said(t, s, 1001, 1, ticket.By{Kind: ticket.ActorClient}, false, `It says "paper jam" 紙詰まり C:\temp`)
	said(t, s, 1001, 2, ticket.By{Kind: ticket.ActorAgent}, true, "secretly fine")
	refused := said(t, s, 1002, 1, ticket.By{Kind: ticket.ActorAgent}, false, "paper draft")
	exec(t, s, `update messages set applied = false where id = $1`, refused)
	cut(t, s)
	return s
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	s := few(t)
	visible := []ticket.Number{1007, 1004, 1003, 1002, 1001}
	for name, c := range map[string]struct {
		q    Query
		want []ticket.Number
	}{
		"everything but spam and tombstones": {Query{}, visible},
		"states":                             {Query{States: []ticket.State{ticket.New, ticket.Open}}, []ticket.Number{1002, 1001}},
		"spam when asked for by state":       {Query{States: []ticket.State{ticket.Spam, ticket.New}}, []ticket.Number{1005, 1001}},
		"deleted when asked for":             {Query{View: "all", States: []ticket.State{ticket.Deleted}}, []ticket.Number{1006}},
		"spam by view":                       {Query{View: "spam"}, []ticket.Number{1005}},
		"priorities":                         {Query{Priorities: []ticket.Priority{ticket.Low, ticket.Urgent}}, []ticket.Number{1003, 1001}},
		"channels":                           {Query{Channels: []ticket.Channel{ticket.ChannelPhone}}, []ticket.Number{1002}},
		"numbers":                            {Query{Numbers: []ticket.Number{1001, 1004, 99}}, []ticket.Number{1004, 1001}},
		"groups":                             {Query{Groups: []string{"support", "tier2"}}, []ticket.Number{1003, 1002, 1001}},
		"no group":                           {Query{Groups: []string{""}}, []ticket.Number{1007, 1004}},
		"a group or none":                    {Query{Groups: []string{"", "tier2"}}, []ticket.Number{1007, 1004, 1003}},
		"owners":                             {Query{Owners: []string{"sato"}}, []ticket.Number{1007, 1002}},
		"no owner":                           {Query{Owners: []string{""}}, []ticket.Number{1004, 1001}},
		"desks asked for":                    {Query{DeskKeys: []string{"repair"}}, []ticket.Number{1004}},
		"desks allowed":                      {Query{Desks: []string{"support"}}, []ticket.Number{1007, 1003, 1002, 1001}},
		"no desk allowed":                    {Query{Desks: []string{}}, []ticket.Number{}},
		"a desk that is not allowed":         {Query{Desks: []string{"support"}, DeskKeys: []string{"repair"}}, []ticket.Number{}},
		"types":                              {Query{Types: []string{"incident"}}, []ticket.Number{1004}},
		"any tag":                            {Query{Tags: []string{"vip", "late"}}, []ticket.Number{1004, 1003}},
		"languages":                          {Query{Languages: []string{"ja"}}, []ticket.Number{1002}},
		"categories":                         {Query{Categories: []ticket.Category{ticket.CategoryTest}}, []ticket.Number{1007}},
		"title, case folded":                 {Query{Title: "PRINTER"}, []ticket.Number{1001}},
		"title, beginnings of words":         {Query{Title: "brok 100"}, []ticket.Number{1007, 1003}},
		"title, letter for letter":           {Query{Text: `"100% broken_"`}, []ticket.Number{1003}},
		"title, decomposed":                  {Query{Title: "フ\u309aリンタ"}, []ticket.Number{1002}},
		"client's name":                      {Query{ClientName: "o'brien 100%"}, []ticket.Number{1004, 1003}},
		"client's number":                    {Query{ClientNumber: "K-1"}, []ticket.Number{1002, 1001}},
		"client's address":                   {Query{Email: "YAMADA@"}, []ticket.Number{1002, 1001}},
		"client's other address":             {Query{Email: "taro@home"}, []ticket.Number{1002, 1001}},
		"client's address, _ is a letter":    {Query{Email: "b_rien"}, []ticket.Number{1004, 1003}},
		"client's phone":                     {Query{Phone: "(03) 1234"}, []ticket.Number{1002, 1001}},
		"created from":                       {Query{CreatedFrom: noon.Add(1004 * time.Second)}, []ticket.Number{1007, 1004}},
		"created to":                         {Query{CreatedTo: noon.Add(1002 * time.Second)}, []ticket.Number{1002, 1001}},
		"word in title":                      {Query{Text: "slow"}, []ticket.Number{1001}},
		"word in message":                    {Query{Text: "Jam"}, []ticket.Number{1001}},
		"word in note":                       {Query{Text: "secretly"}, []ticket.Number{1001}},
		"words in different places":          {Query{Text: "printer\u3000紙詰 山田"}, []ticket.Number{1001}},
		"backslash":                          {Query{Text: `c:\TEMP`}, []ticket.Number{1001}},
		"word of the client":                 {Query{Text: "ob_rien@client"}, []ticket.Number{1004, 1003}},
		"number":                             {Query{Text: "1003"}, []ticket.Number{1003}},
		"number as in subjects":              {Query{Text: "#[1003]"}, []ticket.Number{1003}},
		"percent is a letter between quotes": {Query{Text: `"100%"`}, []ticket.Number{1004, 1003}},
		"one word missing":                   {Query{Text: "printer absent"}, []ticket.Number{}},
		"text of a refused command":          {Query{Text: "draft"}, []ticket.Number{}},
		"blank text":                         {Query{Text: " \u3000 "}, visible},
		"injection":                          {Query{Text: `'; drop table tickets; --`, Title: `'`, Tags: []string{`{"`}}, []ticket.Number{}},
		"all at once": {Query{
			View: "mine_open", Viewer: "sato", Desks: []string{"support"}, Text: "山田", States: []ticket.State{ticket.Open}, Priorities: []ticket.Priority{ticket.Normal},
			Channels: []ticket.Channel{ticket.ChannelPhone}, Numbers: []ticket.Number{1002}, Groups: []string{"support", ""}, Owners: []string{"sato"}, DeskKeys: []string{"support"},
			Types: []string{"question"}, Languages: []string{"ja"}, Title: "動き", ClientName: "太郎", ClientNumber: "k-100", Email: "yamada", Phone: "1234",
			CreatedFrom: noon, CreatedTo: noon.Add(time.Hour), Sort: "priority",
		}, []ticket.Number{1002}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, listed1(t, s, c.q))
		})
	}
}

func TestListRefusals(t *testing.T) {
	t.Parallel()
	s := few(t)
	other, err := s.List(t.Context(), Query{Limit: 1})
	require.NoError(t, err)
	for name, q := range map[string]Query{
		"view": {View: "mine"}, "sort": {Sort: "title"}, "sort, injection": {Sort: "-number; drop table tickets"},
		"limit": {Limit: 201}, "negative limit": {Limit: -1},
		"cursor": {Cursor: "!"}, "cursor, no JSON": {Cursor: "AAAA"}, "another filter's cursor": {Cursor: other.Next, Title: "x"}, "another order's cursor": {Cursor: other.Next, Sort: "created"},
		"another viewer's cursor": {Cursor: other.Next, Viewer: "lead"},
		"NUL":                     {Text: "a\x00b"}, "not UTF-8": {Title: "\xff"}, "not UTF-8 in a list": {Tags: []string{"\xff"}},
		"a cursor's key": {Cursor: pack(mark{Hash: mustHash(t, Query{}), Key: "soon", Number: 1})},
		"too many words": {Text: strings.Repeat("a ", 33)},
	} {
		_, err := s.List(t.Context(), q)
		require.Equal(t, ticket.Invalid, code(err), "%s: %v", name, err)
	}
	_, err = s.List(t.Context(), Query{Limit: 200, Cursor: other.Next, Sort: "-updated"})
	require.NoError(t, err, "another limit and the default order said aloud belong to the same list")
}

func mustHash(t *testing.T, q Query) string {
	t.Helper()
	h, err := hashOf(q)
	require.NoError(t, err)
	return h
}

func TestTotalsEndAtTheCap(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	var all []laid
	for n := ticket.Number(1); n <= CountCap; n++ {
		all = append(all, laid{number: n, tags: []string{fmt.Sprint(n % 2)}})
	}
	lay(t, s, all[:CountCap-1]...)
	p, err := s.List(t.Context(), Query{})
	require.NoError(t, err)
	require.Equal(t, CountCap-1, p.Total)
	require.False(t, p.Capped)
	require.Len(t, p.Items, 30)
	require.NotEmpty(t, p.Next)

	lay(t, s, all[CountCap-1])
	p, err = s.List(t.Context(), Query{Limit: 200})
	require.NoError(t, err)
	require.Equal(t, CountCap, p.Total)
	require.True(t, p.Capped)
	require.Len(t, p.Items, 200)

	p, err = s.List(t.Context(), Query{Limit: 200, Tags: []string{"1"}})
	require.NoError(t, err)
	require.Equal(t, 501, p.Total)
	for p.Next != "" { // the total of a later page is that of the whole list
		p, err = s.List(t.Context(), Query{Limit: 200, Tags: []string{"1"}, Cursor: p.Next})
		require.NoError(t, err)
		require.Equal(t, 501, p.Total)
	}
	require.Len(t, p.Items, 101)
}

// TestAListThatTakesTooLong is told from a database that is away: others are answered meanwhile.
func TestAListThatTakesTooLong(t *testing.T) {
	t.Parallel()
	s := few(t)
	tx, err := s.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `lock table tickets`)
	require.NoError(t, err)
	soon := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(t.Context(), 100*time.Millisecond)
	}

	ctx, done := soon()
	defer done()
	_, err = s.List(ctx, Query{})
	require.ErrorIs(t, err, ErrTooLong)
	require.False(t, Away(err), "%v", err)
	ctx, done = soon()
	defer done()
	_, _, err = s.Count(ctx, Query{})
	require.ErrorIs(t, err, ErrTooLong)

	limited, err := Open(t.Context(), Config{URL: s.pool.Config().ConnString() + "&statement_timeout=100"})
	require.NoError(t, err)
	defer limited.Close()
	_, err = limited.List(t.Context(), Query{})
	require.ErrorIs(t, err, ErrTooLong, "the server's own limit ended it")

	gone, leave := context.WithCancel(t.Context())
	leave()
	_, err = s.List(gone, Query{})
	require.NotErrorIs(t, err, ErrTooLong, "its asker left")
	require.NoError(t, tx.Rollback(t.Context()))

	s.Close()
	ctx, done = soon()
	defer done()
	<-ctx.Done()
	_, err = s.List(ctx, Query{})
	require.NotErrorIs(t, err, ErrTooLong)
	require.True(t, Away(err), "%v", err)
}

// TestWhoSeesEveryDeskIsAskedForNone: his list is that of an admin, planned once and counted without reading tickets, until
// there is a desk that he does not see.
func TestWhoSeesEveryDeskIsAskedForNone(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	lay(t, s, laid{number: 1001, desk: "support"}, laid{number: 1002, desk: "repair"}, laid{number: 1003, desk: "support"})
	q := Query{Viewer: "lead", Desks: []string{"repair", "support"}, Limit: 2}
	l, err := s.listing(t.Context(), q)
	require.NoError(t, err)
	_, args := l.count()
	require.Empty(t, args)
	first, err := s.List(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, []ticket.Number{1003, 1002}, numbersOf(first))

	_, err = s.AddDesk(t.Context(), Desk{Key: "secret", Name: "Secret", Kind: "issue", Address: "secret@desk.example", Groups: []string{"tier2"}})
	require.NoError(t, err)
	lay(t, s, laid{number: 1000, desk: "secret"})
	q.Cursor = first.Next
	second, err := s.List(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, []ticket.Number{1001}, numbersOf(second), "neither the new desk's tickets, nor a cursor that has ended")
	require.Equal(t, 3, second.Total)
}
