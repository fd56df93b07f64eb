package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/calendar"
	"duradesk/ticket"
)

// post sends a command as the admin and holds that it was applied.
func post(t *testing.T, f *fake, n int, command, body string) reply {
	t.Helper()
	r := call(t, f.door(), bootstrap, "POST", fmt.Sprintf("/api/v1/tickets/%d/%s", n, command), body)
	r.is(t, 200)
	require.Equal(t, "applied", r.at("outcome"), string(r.raw))
	return r
}

func TestAHandOverShowsItsChildAndHowItCameBack(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	require.Nil(t, call(t, door, bootstrap, "GET", "/api/v1/tickets/1042", "").at("hand_over"))
	r := post(t, f, 1042, "escalate", `{"id":"e1","escalate":{"desk":"repairs","reason":"broken","title":"修理","body":"赤い","reception_type":"修理","fields":{"model":"X"}}}`)
	require.Equal(t, "handed_over", r.at("ticket", "state"))
	require.Equal(t, map[string]any{"number": 2042.0, "outcome": nil}, r.at("ticket", "hand_over"))
	order := f.receipts["agent:admin e1"].order
	require.Equal(t, ticket.EscalateParams{Desk: "repairs", Title: "修理", Body: "赤い", ReceptionType: "修理", Fields: map[string]any{"model": "X"}, Child: 2042}, *order.Params.Escalate)
	require.Equal(t, "broken", order.Reason)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", `{"hold":{"reason":"client"}}`).is(t, 409, "refused")

	f.apply(1042, ticket.Command{ID: "report", Kind: ticket.ChildReport, By: ticket.System, Params: ticket.Params{Report: &ticket.ReportParams{Child: 2042, Outcome: ticket.ChildHeld}}}, "")
	r = call(t, door, bootstrap, "GET", "/api/v1/tickets/1042", "")
	require.Equal(t, "hand_over_answered", r.at("state"))
	require.Equal(t, map[string]any{"number": 2042.0, "outcome": "held"}, r.at("hand_over"))
	r = call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/timeline", "", "Accept-Language", "ja")
	require.Contains(t, string(r.raw), `"text":"移管先から返答がありました。"`)
}

func TestAMergedTicketPointsToItsSurvivor(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	r := post(t, f, 1042, "merge", `{"merge":{"into":1043}}`)
	require.Equal(t, "merged", r.at("ticket", "state"))
	require.EqualValues(t, 1043, r.at("ticket", "merged_into"))
	r = call(t, door, bootstrap, "POST", "/api/v1/tickets/1043/merge", `{"merge":{"into":1045}}`)
	r.is(t, 409, "refused")
	require.Equal(t, "merge_target_ended", r.at("receipt", "reason"))
	r = call(t, door, bootstrap, "POST", "/api/v1/tickets/1043/merge", `{"merge":{"into":1043}}`)
	r.is(t, 409, "refused")
	require.Equal(t, "merge_ring", r.at("receipt", "reason"))
	r = post(t, f, 1042, "unmerge", ``)
	require.Equal(t, "open", r.at("ticket", "state"))
	require.Nil(t, r.at("ticket", "merged_into"))
}

func TestWhatOneMayNotSeeCannotBeNamed(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeAct)
	for _, c := range []struct{ command, body, pointer string }{
		{"merge", `{"merge":{"into":1046}}`, "/merge/into"},
		{"merge", `{"merge":{"into":9999}}`, "/merge/into"},
		{"link", `{"link":{"number":1046,"kind":"related"}}`, "/link/number"},
		{"move", `{"move":{"message":"m-1042","into":1046}}`, "/move/into"},
		{"move", `{"move":{"message":"m-1043","into":1043}}`, "/move/message"},
		{"split", `{"split":{"message":"m-1046"}}`, "/split/message"},
		{"split", `{"split":{"message":"m-none"}}`, "/split/message"},
		{"withdraw", `{"withdraw":{"message":"m-1043"}}`, "/withdraw/message"},
	} {
		r := call(t, door, sato, "POST", "/api/v1/tickets/1042/"+c.command, c.body)
		r.is(t, 422, "invalid")
		require.Equal(t, []string{c.pointer}, r.pointers(), c.body)
		require.Zero(t, f.stores)
	}
	// The admin sees the other desk's.
	post(t, f, 1042, "link", `{"link":{"number":1046,"kind":"causes"}}`)
}

func TestARepeatedSplitGetsItsFirstAnswer(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	split := `{"id":"s1","split":{"message":"m-1042"}}`
	first := post(t, f, 1042, "split", split)
	f.moved = map[string]ticket.Number{"m-1042": 1050}
	again := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/split", split)
	again.is(t, 200)
	require.JSONEq(t, string(first.raw), string(again.raw))
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/split", strings.Replace(split, "s1", "s2", 1)).is(t, 422, "invalid")
}

func TestClassifyCarriesWhatIsGivenOnly(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	r := post(t, f, 1042, "classify", `{"id":"c1","classify":{"title":"新しい","priority":"urgent","type":"incident","tags":["b","a","b"],"fields":{"floor":3,"gone":null},"due_at":"2026-12-01T09:00:00+09:00"}}`)
	require.Equal(t, "urgent", r.at("ticket", "priority"))
	require.Equal(t, "2026-11-24T11:00:00Z", r.at("ticket", "clocks", 0, "due_at"), "the policy is read anew")
	got := *f.receipts["agent:admin c1"].order.Params.Classify
	title, kind, tags, due := "新しい", "incident", []string{"a", "b"}, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, ticket.ClassifyParams{Title: &title, Priority: ticket.Urgent, Type: &kind, Tags: &tags, DueAt: &due, Fields: map[string]any{"floor": json.Number("3"), "gone": nil}}, got)
	post(t, f, 1045, "classify", `{"id":"c2","classify":{"tags":[]}}`)
	require.Equal(t, ticket.ClassifyParams{Tags: &[]string{}}, *f.receipts["agent:admin c2"].order.Params.Classify)
	post(t, f, 1045, "classify", `{"id":"c3","classify":{"add_tags":["vip","late"],"remove_tags":["new"]}}`)
	require.Equal(t, ticket.ClassifyParams{AddTags: []string{"late", "vip"}, RemoveTags: []string{"new"}}, *f.receipts["agent:admin c3"].order.Params.Classify)
	r = call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/classify", `{"classify":{"tags":["vip"],"add_tags":["late"]}}`)
	r.is(t, 422, "invalid")
	require.Equal(t, "/classify/tags not_both", faultsOf(r))
	r = call(t, f.door(), bootstrap, "POST", "/api/v1/tickets/1045/classify", `{"classify":{"title":"x"}}`)
	r.is(t, 409, "refused")
	require.Equal(t, "closed_tags_and_fields_only", r.at("receipt", "reason"))
}

func TestWhatClientsSayIsReadAsToo(t *testing.T) {
	t.Parallel()
	f, _ := fresh(t)
	s := &server{Options: Options{Reader: f, House: (*fakeHouse)(f), People: (*fakePeople)(f)}.withDefaults()}
	for body, want := range map[string]string{
		`{"verdict":"solved"}`: "", `{"verdict":"cancel"}`: "", `{"verdict":"maybe"}`: "/client_verdict/verdict", `{}`: "/client_verdict/verdict",
	} {
		require.Equal(t, want, pointersOf(t, s, `{"client_verdict":`+body+`}`, (*hand).verdict), body)
	}
	for body, want := range map[string]string{
		`{"rating":5}`: "", `{"rating":1,"comment":"x"}`: "", `{"rating":6}`: "/feedback/rating", `{"rating":0}`: "/feedback/rating", `{"rating":"5"}`: "/feedback/rating",
		`{}`: "/feedback/rating", `{"rating":3,"comment":" "}`: "/feedback/comment", `{"rating":3,"by":"me"}`: "/feedback/by",
	} {
		require.Equal(t, want, pointersOf(t, s, `{"feedback":`+body+`}`, (*hand).feedback), body)
	}
}

func pointersOf(t *testing.T, s *server, body string, read func(*hand, *object, *ticket.Order)) string {
	t.Helper()
	tree, bad := parseJSON([]byte(body))
	require.Empty(t, bad.code)
	fields, _ := tree.(map[string]any)
	o := newObject(fields)
	h := &hand{s: s, ctx: t.Context()}
	read(h, o, &ticket.Order{})
	require.NoError(t, h.err)
	var out []string
	for _, f := range *o.faults {
		out = append(out, f.pointer)
	}
	return strings.Join(out, " ")
}

// TestAnIncidentDeskWorksByItsOwnTable: the same commands, other answers.
func TestAnIncidentDeskWorksByItsOwnTable(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	create := `{"desk":"alarm","channel":"phone","title":"Nobody can log in","client":{"name":"x"},"owner":"me","impact":"high","urgency":"high"}`
	r := call(t, door, bootstrap, "POST", "/api/v1/tickets", create)
	r.is(t, 201)
	require.Equal(t, "urgent", r.at("ticket", "priority"))
	at := fmt.Sprintf("/api/v1/tickets/%v", r.at("number"))
	r = call(t, door, bootstrap, "POST", at+"/resolve", `{"message":{"body":"done"}}`)
	r.is(t, 409, "refused")
	require.Equal(t, "solution_missing", r.at("receipt", "reason"))
	call(t, door, bootstrap, "POST", at+"/resolve", `{"id":"r2","resolve":{"solution":"restarted"},"message":{"body":"done"}}`).is(t, 200)
	require.Equal(t, "restarted", f.receipts["agent:admin r2"].order.Params.Resolve.Solution)
	r = call(t, door, bootstrap, "POST", "/api/v1/tickets", strings.Replace(create, `,"urgency":"high"`, "", 1))
	r.is(t, 422, "invalid")
	require.Equal(t, []string{"/impact"}, r.pointers())
	r = call(t, door, bootstrap, "POST", at+"/classify", `{"classify":{"impact":"low"}}`)
	r.is(t, 409, "refused")
	require.Equal(t, "impact_and_urgency", r.at("receipt", "reason"))
}

func TestAPromiseHasAClockOfItsOwn(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	r := post(t, f, 1042, "promise", `{"id":"p1","promise":{"due_at":"2026-11-25T08:00:00+09:00","text":"We call."}}`)
	clocks, _ := r.at("ticket", "clocks").([]any)
	last, _ := clocks[len(clocks)-1].(map[string]any)
	require.Equal(t, "promise:1", last["id"])
	require.Equal(t, "promise", last["kind"])
	require.Equal(t, "2026-11-24T23:00:00Z", last["due_at"])
	require.Equal(t, "We call.", f.receipts["agent:admin p1"].order.Params.Promise.Text)
	r = call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/future", "")
	r.is(t, 200)
	require.Contains(t, string(r.raw), "A warning that a promise will soon be due.")
	r = call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/clocks/promise:1/explain", "")
	r.is(t, 200)
	require.Equal(t, "instant", r.at("unit"))
	require.Equal(t, true, r.at("complete"))
}

func TestATicketAsItWas(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.now = f.now.Add(time.Hour)
	post(t, f, 1042, "hold", `{"hold":{"reason":"client"}}`)
	path := "/api/v1/tickets/1042?at="
	require.Equal(t, "open", call(t, door, bootstrap, "GET", path+"2026-11-24T10:59:59Z", "").at("state"))
	require.Equal(t, "on_hold", call(t, door, bootstrap, "GET", path+"2026-11-24T11:00:00Z", "").at("state"))
	require.Equal(t, "on_hold", call(t, door, bootstrap, "GET", path+urlEscape("2030-01-01T00:00:00+09:00"), "").at("state"))
	call(t, door, bootstrap, "GET", path+"2026-11-24T09:59:59Z", "").is(t, 404, "not-found")
	r := call(t, door, bootstrap, "GET", path+"yesterday", "")
	r.is(t, 400, "invalid-query")
	require.Equal(t, []string{"at"}, r.pointers())
	call(t, door, f.tokenOf(t, "mori", scopeRead), "GET", path+"2026-11-24T11:00:00Z", "").is(t, 404, "not-found")
}

// TestTheRulesGoByTheRecordsCalendar: what is allowed and what will happen is asked of the pinned calendar.
func TestTheRulesGoByTheRecordsCalendar(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.pin(t, 1042, tokyo(t))
	r := post(t, f, 1042, "classify", `{"classify":{"priority":"high"}}`)
	// 10:00 UTC is 19:00 in Tokyo, Tuesday: three hours from Wednesday 09:00 on.
	require.Equal(t, "2026-11-25T03:00:00Z", r.at("ticket", "clocks", 0, "due_at"))
	r = call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/future", "")
	require.Equal(t, "first_response_warned", r.at("items", 0, "effect"))
	require.Equal(t, "2026-11-25T02:15:00Z", r.at("items", 0, "at"))
	s := &server{Options: Options{}.withDefaults()}
	one, two := *f.tickets[1042], *f.tickets[1042]
	require.Equal(t, "tokyo", s.calendar(one).Key())
	two.Calendar = []byte(`{"junk"`)
	require.Equal(t, "tokyo", s.calendar(two).Key(), "a version is read once")
	two.Process.Calendar = 2
	require.Equal(t, calendar.Always, s.calendar(two), "what cannot be read is round the clock")
}

// pin gives a ticket a calendar and lets its first response begin anew under it.
func (f *fake) pin(t *testing.T, n ticket.Number, spec calendar.Spec) {
	t.Helper()
	raw, err := json.Marshal(spec)
	require.NoError(t, err)
	rec := f.tickets[n]
	rec.Calendar, rec.Settings.Calendar, rec.Process.Calendar = raw, spec.Key, spec.Version
	process := rec.Process
	process.Clocks, process.Revision, process.State, process.Owner = nil, 0, ticket.NoState, ""
	rec.Process, f.past[n], f.items[n] = process, nil, nil
	client := ticket.Actor{Kind: ticket.ActorClient, ID: "c_01"}
	f.apply(n, ticket.Command{ID: "pinned", Kind: ticket.ClientReply, By: client, Message: fmt.Sprintf("m-%d", n)}, "x")
	me := "sato"
	f.apply(n, ticket.Command{ID: "pinned-2", Kind: ticket.Assign, By: ticket.System, Params: ticket.Params{Assign: &ticket.AssignParams{Owner: &me}}}, "")
}
