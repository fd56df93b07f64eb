package crowd

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/find"
	"duradesk/postgres"
	"duradesk/postgres/cluster/pgtest"
	"duradesk/ticket"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// filled is a desk with a crowd.
func filled(t *testing.T, o Options) *postgres.Store {
	t.Helper()
	url := pgtest.Database(t)
	require.NoError(t, postgres.Migrate(t.Context(), url))
	s, err := postgres.Open(t.Context(), postgres.Config{URL: url})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, s.EnsureAdmin(t.Context(), "admin", "Admin", "admin@desk.example"))
	sealer, err := postgres.NewSealer(strings.Repeat("x", 32))
	require.NoError(t, err)
	with, err := postgres.Open(t.Context(), postgres.Config{URL: url, Sealer: sealer})
	require.NoError(t, err)
	defer with.Close()
	require.NoError(t, with.EnsureFirstDesk(t.Context(), postgres.FirstDesk{
		Key: "support", Name: "Support", Address: "support@desk.example", Group: "support", IMAPAddr: "127.0.0.1:1", SMTPAddr: "127.0.0.1:1", Username: "x", Password: "x",
	}))
	began := time.Now()
	require.NoError(t, Fill(t.Context(), url, o))
	t.Logf("%d tickets, %d messages each: filled in %s", o.Tickets, max(1, o.Messages), time.Since(began).Round(time.Second))
	return s
}

// asked are lists as people ask for them, by name.
var asked = map[string]postgres.Query{
	"all":                  {},
	"all of desks":         {Desks: []string{"support"}},
	"oldest first":         {Sort: "created"},
	"by due time":          {Sort: "next_due", Where: parse("state:open,new,on_hold")},
	"urgent first":         {Sort: "-priority"},
	"state":                {Where: parse("state:open")},
	"mine":                 {Where: parse("owner:me state:open,on_hold"), Viewer: AgentKey(7)},
	"unassigned urgent":    {Where: parse("owner:none state:new priority:urgent")},
	"waiting":              {Where: parse("waiting>4h state:open")},
	"tag, rare":            {Where: parse("tag:vip")},
	"channel, rare":        {Where: parse("channel:chat")},
	"channel, common":      {Where: parse("channel:phone")},
	"reception type":       {Where: parse("reception_type:返品")},
	"category":             {Where: parse("category:other")},
	"created in some days": {Where: parse("created>=-5d created<-2d")},
	"due soon":             {Where: parse("due<+2h -state:closed")},
	"number":               {Where: parse("1234")},
	"client by address":    {Where: parse("email:client77@")},
	"client by part":       {Where: parse("email:77@crowd")},
	"client by number":     {Where: parse("client_number:K-00077")},
	"client by name, ja":   {Where: parse("client_name:花子")},
	"title, ja":            {Where: parse("title:領収書")},
	"title, en":            {Where: parse("title:warranty")},
	"word, rare en":        {Where: parse(newSpeech(2).english[1500])},
	"word, known en":       {Where: parse("cable")},
	"word, common en":      {Where: parse("please")},
	"words, common en":     {Where: parse("please invoice")},
	"beginning":            {Where: parse("warran*")},
	"word, 2 ja":           {Where: parse("在庫")},
	"word, common 2 ja":    {Where: parse("確認")},
	"word, 3 ja":           {Where: parse("請求書")},
	"word, kana":           {Where: parse("ﾌﾟﾘﾝﾀｰ")},
	"word, synthetic ja":   {Where: parse(newSpeech(2).nouns[400])},
	"word, 1 ja":           {Where: parse("銅")},
	"words, two common":    {Where: parse("請求書 プリンター 変更")},
	"phrase":               {Where: parse(`"請求書についてご確認"`)},
	"phrase, common":       {Where: parse(`"についてご確認をお願いいたします"`)},
	"or":                   {Where: parse("or(在庫 warranty) state:closed")},
	"not":                  {Where: parse("-請求書 state:open")},
	"word of mine":         {Where: parse("owner:me state:open,on_hold 変更"), Viewer: AgentKey(7)},
	"word, spam too":       {Where: parse("state:any 見積書")},
	"word, nowhere":        {Where: parse("qqqqq")},
	"all fifteen and more": {
		Where:  parse("created>=2026-01-01 priority:normal,high title:請求書 group:support owner:me state:closed channel:mail reception_type:返品 category:none client_number:K- client_name:太郎 email:@crowd language:ja"),
		Viewer: AgentKey(7),
	},
}

func parse(q string) find.Expr {
	e, err := find.Parse(q)
	if err != nil {
		panic(q + ": " + err.Error())
	}
	return e
}

// everything is what is asked for, each view among it.
func everything() map[string]postgres.Query {
	all := map[string]postgres.Query{}
	for name, q := range asked {
		all[name] = q
	}
	for _, v := range find.Views {
		all["view "+v] = postgres.Query{View: v, Viewer: AgentKey(11), Desks: []string{"support"}}
	}
	return all
}

// TestEveryListIsAlongAnIndex reads the plan of every list, search, view and count on a crowd: none reads a table that
// grows with the tickets from end to end.
func TestEveryListIsAlongAnIndex(t *testing.T) {
	t.Parallel()
	tickets := 10_000
	if soak {
		tickets = 20_000
	}
	s := filled(t, Options{Tickets: tickets})
	lost, err := postgres.NewQueue(s, postgres.QueueConfig{}).Overdue(t.Context(), ticket.Overdue{}, 10)
	require.NoError(t, err)
	require.Empty(t, lost, "a desk that works on a crowd would ring for all of these")
	for name, q := range everything() {
		plans, err := s.Explain(t.Context(), q)
		require.NoError(t, err, name)
		require.NotEmpty(t, plans)
		for _, plan := range plans {
			for _, table := range []string{"tickets", "messages", "ticket_words", "message_words", "clients", "identities", "events"} {
				if strings.Contains(plan, "Seq Scan on "+table+" ") {
					t.Errorf("%s reads all %s\n%s", name, table, plan)
				}
			}
		}
		page, err := s.List(t.Context(), q)
		require.NoError(t, err, name)
		if !slices.Contains([]string{"word, nowhere", "view at_risk", "all fifteen and more", "word, rare en"}, name) {
			if len(page.Items) == 0 {
				t.Errorf("%s finds nothing: it would prove nothing", name)
			}
		}
	}
}

// soak is set for make soak, which wants a quiet machine and takes minutes.
var soak = os.Getenv("DURADESK_SOAK") != ""

// TestHowLongListsTake tells p50, p95 and the longest of every list and search, and holds them in make soak. In make test
// it only sees that each can be asked on a small crowd.
func TestHowLongListsTake(t *testing.T) {
	if url := os.Getenv("DURADESK_SOAK_DATABASE_URL"); url != "" { // a crowd that somebody keeps
		s, err := postgres.Open(t.Context(), postgres.Config{URL: url})
		require.NoError(t, err)
		defer s.Close()
		measure(t, s)
		return
	}
	sizes := []Options{{Tickets: 1000, Messages: 2}}
	if soak {
		sizes = []Options{{Tickets: 100_000, Messages: 6}, {Tickets: 1_000_000, Messages: 1}}
	}
	for _, size := range sizes {
		if only := os.Getenv("DURADESK_SOAK_TICKETS"); only != "" && only != fmt.Sprint(size.Tickets) {
			continue
		}
		t.Run(fmt.Sprint(size.Tickets), func(t *testing.T) {
			size.Progress = func(what string, done, of int) { fmt.Fprintf(os.Stderr, "%s: %d of %d\n", what, done, of) }
			measure(t, filled(t, size))
		})
	}
}

// runs is how often each is asked: a distribution is only looked at in make soak.
func runs() int {
	if soak {
		return 40
	}
	return 2
}

func measure(t *testing.T, s *postgres.Store) {
	ctx := context.Background()
	all := everything()
	for _, name := range slices.Sorted(keysOf(all)) {
		q, total, capped := all[name], 0, false
		took := timed(t, func() {
			page, err := s.List(ctx, q)
			require.NoError(t, err, name)
			total, capped = page.Total, page.Capped
		})
		report(t, fmt.Sprintf("%s (%d%s)", name, total, map[bool]string{true: "+"}[capped]), took)
	}
	report(t, "counts of all views", timed(t, func() {
		_, err := s.Views(ctx, AgentKey(11))
		require.NoError(t, err)
	}))
	report(t, "timeline", timed(t, func() {
		_, _, err := s.Timeline(ctx, FirstNumber+777, 0, 100, true)
		require.NoError(t, err)
	}))
}

func keysOf(m map[string]postgres.Query) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func timed(t *testing.T, act func()) []time.Duration {
	t.Helper()
	act() // warm
	var took []time.Duration
	for range runs() {
		began := time.Now()
		act()
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took
}

// most is what 95 of 100 lists may take on two quiet cores.
const most = 50 * time.Millisecond

func report(t *testing.T, name string, took []time.Duration) {
	t.Helper()
	p50, p95 := took[len(took)/2], took[len(took)*95/100]
	fmt.Fprintf(os.Stderr, "%-36s p50 %7.2f ms  p95 %7.2f ms  max %7.2f ms\n", name, ms(p50), ms(p95), ms(took[len(took)-1]))
	if soak && p95 > most {
		t.Errorf("%s: p95 %s, more than %s", name, p95, most)
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
