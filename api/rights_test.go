package api

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestWhoMaySendWhat enumerates role × command, with the answers written by hand from PRODUCT §3, "Who may".
func TestWhoMaySendWhat(t *testing.T) {
	t.Parallel()
	const yes, no = true, false
	table := []struct {
		command            string
		agent, lead, admin bool
		on                 string // a ticket where the rules have nothing against it
		body               string
	}{
		{"client-reply", yes, yes, yes, "1042", `{"message":{"body":"x"}}`},
		{"agent-response", yes, yes, yes, "1042", `{"message":{"body":"x"}}`},
		{"hold", yes, yes, yes, "1042", `{"hold":{"reason":"internal"}}`},
		{"resolve", yes, yes, yes, "1042", `{}`},
		{"escalate", yes, yes, yes, "1042", `{"escalate":{"reason":"x"}}`},
		{"assign", yes, yes, yes, "1043", `{"assign":{"owner":"me"}}`},
		{"note", yes, yes, yes, "1042", `{"message":{"body":"x"}}`},
		{"close", no, yes, yes, "1042", ``},
		{"restore", no, yes, yes, "1044", ``},
		{"delete", no, yes, yes, "1044", ``},
		{"classify", yes, yes, yes, "1042", `{"classify":{"tags":["x"]}}`},
		{"client-verdict", no, no, no, "1042", `{"client_verdict":{"verdict":"solved"}}`},
		{"merge", yes, yes, yes, "1042", `{"merge":{"into":1043}}`},
		{"unmerge", yes, yes, yes, "1047", ``},
		{"link", yes, yes, yes, "1042", `{"link":{"number":1043,"kind":"related"}}`},
		{"recall", yes, yes, yes, "1048", ``},
		{"promise", yes, yes, yes, "1042", `{"promise":{"due_at":"2026-11-25T00:00:00Z","text":"x"}}`},
		{"feedback", no, no, no, "1042", `{"feedback":{"rating":5}}`},
		{"split", yes, yes, yes, "1042", `{"split":{"message":"m-1042"}}`},
		{"move", yes, yes, yes, "1042", `{"move":{"message":"m-1042","into":1043}}`},
		{"withdraw", yes, yes, yes, "1042", `{"withdraw":{"message":"m-1042"}}`},
	}
	require.Len(t, specs, len(table), "a command without its line here")
	for _, row := range table {
		for role, allowed := range map[string]bool{"sato": row.agent, "lead": row.lead, "admin": row.admin} {
			t.Run(row.command+" by "+role, func(t *testing.T) {
				t.Parallel()
				f, door := fresh(t)
				f.across(t)
				target := "/api/v1/tickets/" + row.on + "/" + row.command
				r := call(t, door, f.tokenOf(t, role, scopeAct, scopeRead), "POST", target, row.body, "Accept-Language", "en")
				if !allowed {
					r.is(t, 403, "forbidden")
					if row.admin {
						require.Equal(t, "This takes the role lead; you are agent.", r.at("detail"))
						r = call(t, door, f.tokenOf(t, role, scopeAct, scopeRead), "POST", target, row.body, "Accept-Language", "ja")
						require.Equal(t, "この操作には管理者の権限が必要です。あなたの権限はオペレーターです。", r.at("detail"))
					} else {
						require.Contains(t, r.at("detail"), "Only the client himself")
					}
					require.Zero(t, f.stores)
					return
				}
				r.is(t, 200)
				require.Equal(t, "applied", r.at("outcome"))
				// Never with a token that may only read, never without one, never from another desk.
				call(t, door, f.tokenOf(t, role, scopeRead), "POST", target, row.body).is(t, 403, "forbidden")
				call(t, door, "", "POST", target, row.body).is(t, 401, "unauthorized")
				call(t, door, f.tokenOf(t, "mori", scopeAct), "POST", target, row.body).is(t, map[bool]int{true: 404, false: 403}[row.agent])
			})
		}
	}
}

// across adds a merged ticket, 1047, and one that is handed over, 1048.
func (f *fake) across(t *testing.T) {
	t.Helper()
	f.seed(1047, "support", ticket.Open, "sato")
	f.seed(1048, "support", ticket.Open, "sato")
	call(t, f.door(), bootstrap, "POST", "/api/v1/tickets/1047/merge", `{"merge":{"into":1042}}`).is(t, 200)
	call(t, f.door(), bootstrap, "POST", "/api/v1/tickets/1048/escalate", `{"escalate":{"desk":"repairs","reason":"x"}}`).is(t, 200)
	f.stores = 0
}

// TestErasureNeedsAnAdmin: the rules say so, not the door.
func TestErasureNeedsAnAdmin(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	r := call(t, door, f.tokenOf(t, "lead", scopeAct), "POST", "/api/v1/tickets/1045/delete", "")
	r.is(t, 409, "refused")
	require.Equal(t, "erasure_needs_admin", r.at("receipt", "reason"))
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1045/delete", "").is(t, 200)
}

// TestOperationsByRoleAndScope enumerates every operation of the document: who of the staff is let in, by hand.
func TestOperationsByRoleAndScope(t *testing.T) {
	t.Parallel()
	doc, _ := readSpec(t)
	byOperation := map[string]example{}
	for _, e := range slices.SortedFunc(slices.Values(examples(doc)), func(a, b example) int { return strings.Compare(b.name, a.name) }) {
		name, _, _ := strings.Cut(e.name, "/")
		byOperation[name] = e
	}
	var enumerated []string
	for _, row := range []struct {
		scope, least string
		operations   string
	}{
		{scopeNone, "agent", "getSession deleteSession getReceipt"},
		{scopeReply, "agent", "clientReply agentResponse uploadAttachment"},
		{scopeReply, "nobody", "clientVerdict giveFeedback openTicket"}, // the client's own words
		{scopeAdmin, "lead", "setClientAccess"},
		{scopeAdmin, "agent", "listSessions endSessions endSession"},                                                           // with a session always: TestSessionsAreListedAndEnded
		{scopeAdmin, "agent", "changePassword getFactor enrolFactor giveFactor confirmFactor renewRecoveryCodes removeFactor"}, // as these
		{scopeAdmin, "admin", "listAudit"},
		{scopeRead, "agent", "listTickets getTicket getTimeline getFuture explainClock listCalendars getCalendarYear listPolicies listNotices readNotices listViews getRawMessage getAttachment listQuarantine getQuarantined listMailboxes getMailbox listUndeliverable getPortal listDesks getDesk listGroups listAgents getAgent"},
		{scopeRead, "agent", "stream getPresence listPresence putPresence leavePresence listEvents"},
		{scopeRead, "agent", "getBulk"},
		{scopeAct, "agent", "createBulk pauseBulk resumeBulk cancelBulk undoBulk"},
		{scopeAdmin, "admin", "listWebhooks createWebhook getWebhook changeWebhook deleteWebhook rotateWebhook pingWebhook listHookDeliveries redeliverHook"},
		{scopeAdmin, "admin", "listChannels createChannel getChannel changeChannel deleteChannel rotateChannel listChannelDeliveries"},
		{scopeRead, "agent", "listDrafts listTicketDrafts getDraft getDraftFile previewMail getSettings saveSettings getListLook saveListLook"},
		{scopeRead, "agent", "getView listClients getClient"},
		{scopeAct, "agent", "createView changeView deleteView changeClient"},
		{scopeAct, "lead", "mergeClient"},
		{scopeAct, "agent", "saveDraft deleteDraft"},
		{scopeRead, "agent", "listReceptionTypes listTemplates getCalendar listMacros useMacro listTextModules listTriggers listForbiddenWords tryForbiddenWords explainPolicy listArticles getArticle listArticleVersions"},
		{scopeRead, "lead", "listLedger reconcileMailbox getReport"},
		{scopeAct, "agent", "createTicket holdTicket resolveTicket escalateTicket assignTicket addNote classifyTicket mergeTicket unmergeTicket linkTicket recallTicket makePromise splitMessage moveMessage withdrawMessage retryQuarantined clearUndeliverable"},
		{scopeAct, "agent", "createArticle changeArticle deleteArticle"},
		{scopeAct, "lead", "closeTicket restoreTicket deleteTicket"},
		{scopeAdmin, "agent", "listTokens createToken deleteToken"},
		{scopeAdmin, "admin", "changeCalendar importCalendar changePolicy createAgent createDesk createGroup createCalendar createPolicy changeDesk deleteDesk changeGroup deleteGroup changeAgent deleteAgent createMailbox changeMailbox deleteMailbox testMailbox"},
	} {
		for _, op := range strings.Fields(row.operations) {
			enumerated = append(enumerated, op)
			closed := newAttempt(t, byOperation[op], op, "sato") // whoever is refused changes nothing: one desk is enough for all
			for _, key := range []string{"sato", "lead", "admin"} {
				for _, scope := range scopes {
					if !may(row.least, closed.f.people[key].Role) || !opens(scope, row.scope) {
						r := closed.by(t, key, scope)
						require.Equal(t, 403, r.StatusCode, "%s as %s with %s: %s", op, key, scope, r.raw)
						continue
					}
					on := closed
					if closed.changes || key != "sato" && closed.own {
						on = newAttempt(t, byOperation[op], op, key)
					}
					r := on.by(t, key, scope)
					if slices.Contains(proving, op) {
						require.Contains(t, []int{409, 422}, r.StatusCode, "%s as %s with %s: %s", op, key, scope, r.raw)
					} else {
						require.Less(t, r.StatusCode, 300, "%s as %s with %s: %s", op, key, scope, r.raw)
					}
				}
			}
		}
	}
	enumerated = append(enumerated, strings.Fields(leadsFurniture)...)
	require.ElementsMatch(t, slices.Collect(maps.Keys(rights)), enumerated, "every operation has its row here")
}

// leadsFurniture is a lead's in his desks and an admin's for every desk: what the request says decides.
const leadsFurniture = "createReceptionType changeReceptionType deleteReceptionType createTemplate changeTemplate deleteTemplate createMacro changeMacro deleteMacro " +
	"createTextModule changeTextModule deleteTextModule createTrigger changeTrigger deleteTrigger createForbiddenWord changeForbiddenWord deleteForbiddenWord tryTemplate"

// TestFurnitureIsALeads enumerates what a lead may in his desk, and nobody below him.
func TestFurnitureIsALeads(t *testing.T) {
	t.Parallel()
	doc, _ := readSpec(t)
	for _, e := range examples(doc) {
		op, _, _ := strings.Cut(e.name, "/")
		if !slices.Contains(strings.Fields(leadsFurniture), op) {
			continue
		}
		closed := newAttempt(t, e, op, "sato")
		for _, key := range []string{"sato", "lead", "admin"} {
			for _, scope := range scopes {
				if scope != scopeAdmin || key == "sato" {
					r := closed.by(t, key, scope)
					require.Equal(t, 403, r.StatusCode, "%s as %s with %s: %s", op, key, scope, r.raw)
					continue
				}
				r := newAttempt(t, e, op, key).by(t, key, scope)
				if key == "admin" {
					require.Less(t, r.StatusCode, 300, "%s as %s with %s: %s", op, key, scope, r.raw)
				} else { // what is of his own desk, a lead may
					require.Contains(t, []int{200, 201, 204, 403}, r.StatusCode, "%s as %s: %s", op, key, r.raw)
				}
			}
		}
	}
}

// proving are let in, but need a code that is right.
var proving = []string{"giveFactor", "confirmFactor", "renewRecoveryCodes", "removeFactor"}

func may(least string, has ticket.Role) bool {
	role, err := ticket.ParseRole(least)
	return err == nil && has >= role
}

// opens says by hand which scope holds which.
func opens(has, need string) bool {
	return has == need || has == scopeAdmin || need == scopeNone || has == scopeAct && need == scopeReply
}

// TestOperationsByClientAndRelation enumerates every operation for every kind of client: what is his, what is his
// organisation's, and what is a stranger's. The ticket 1042 is c_01's.
func TestOperationsByClientAndRelation(t *testing.T) {
	t.Parallel()
	doc, _ := readSpec(t)
	const own, together, stranger, nobody = "c_01", "c_03", "c_04", "c_05" // portal, full, full, none
	const colleague = "c_02"                                               // portal, in the organisation of c_01
	about := map[string]string{                                            // the ticket 1042
		"getTicket": "", "getTimeline": "", "clientReply": `{"message":{"body":"x"}}`, "clientVerdict": `{"client_verdict":{"verdict":"solved"}}`, "giveFeedback": `{"feedback":{"rating":5}}`, "getAttachment": "",
		"classifyTicket": `{"classify":{"title":"x"}}`,
	}
	himself := []string{"getSession", "deleteSession", "listTickets", "stream", "getPortal", "openTicket", "uploadAttachment", "listArticles", "getArticle"}
	atBrowser := []string{"listSessions", "endSessions", "endSession"} // not with a token
	seen := map[string]bool{}
	for _, e := range examples(doc) {
		op, _, _ := strings.Cut(e.name, "/")
		if _, guarded := rights[op]; !guarded || seen[op] {
			continue
		}
		seen[op] = true
		for _, client := range []string{own, colleague, together, stranger, nobody} {
			f, door := fresh(t)
			f.desks[0].Manner.ClientFields = ticket.ClientFields()
			target := f.prepare(t, e)
			want, body := 403, e.body
			if mine, isAbout := about[op]; isAbout {
				body = mine
				want = map[string]int{own: 200, colleague: 404, together: 200, stranger: 404}[client]
				if op == "classifyTicket" && (client == own || client == colleague) {
					want = 403 // it takes full access
				}
			}
			switch {
			case slices.Contains(himself, op):
				want = 200
			case slices.Contains(atBrowser, op):
				want = 403
			case op == "getReceipt": // an agent's
				want = 404
			}
			if op == "listTickets" {
				target = "/api/v1/tickets"
			}
			if client == nobody {
				want = 401
			}
			r := call(t, door, f.clientToken(t, client, scopeRead, scopeReply), e.method, target, body)
			if want == 200 {
				require.Less(t, r.StatusCode, 300, "%s as %s: %s", op, client, r.raw)
			} else {
				require.Equal(t, want, r.StatusCode, "%s as %s: %s", op, client, r.raw)
			}
			if op == "listTickets" && client != nobody {
				require.EqualValues(t, map[string]int{own: 5, colleague: 0, together: 5, stranger: 0}[client], r.at("total"), "as %s", client)
			}
		}
	}
	require.Len(t, seen, len(rights))
}

func TestATicketOfAnotherDeskDoesNotExist(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	for _, key := range []string{"sato", "lead"} {
		token := f.tokenOf(t, key, scopeRead, scopeAct)
		gone := call(t, door, token, "GET", "/api/v1/tickets/9999", "")
		for _, path := range []string{"/api/v1/tickets/1046", "/api/v1/tickets/1046/timeline", "/api/v1/tickets/1046/future", "/api/v1/messages/m-1046/raw", "/api/v1/attachments/f-1046"} {
			r := call(t, door, token, "GET", path, "")
			r.is(t, 404, "not-found")
			require.Equal(t, gone.at("detail"), r.at("detail"), "nothing tells that it is there")
		}
		r := call(t, door, token, "GET", "/api/v1/tickets", "")
		require.EqualValues(t, 4, r.at("total"))
		call(t, door, token, "POST", "/api/v1/tickets", `{"desk":"other","client":{"name":"x"},"channel":"phone","title":"x"}`).is(t, 422, "invalid")
		require.Len(t, call(t, door, token, "GET", "/api/v1/desks", "").at("items"), 1)
		require.Equal(t, "repairs", call(t, door, token, "GET", "/api/v1/desks?kind=issue", "").at("items", 0, "key"), "tickets are handed over to it")
		require.Len(t, call(t, door, token, "GET", "/api/v1/desks?kind=inquiry", "").at("items"), 1)
		require.Len(t, call(t, door, token, "GET", "/api/v1/mailboxes", "").at("items"), 1)
	}
	require.EqualValues(t, 5, call(t, door, bootstrap, "GET", "/api/v1/tickets", "").at("total"), "an admin sees all")
	require.EqualValues(t, 0, call(t, door, f.tokenOf(t, "nobody", scopeRead), "GET", "/api/v1/tickets", "").at("total"), "without a desk: nothing")
	require.EqualValues(t, 1, call(t, door, f.tokenOf(t, "mori", scopeRead), "GET", "/api/v1/tickets", "").at("total"))
}

func TestTheLedgerShowsOwnMailboxesOnly(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	lead := f.tokenOf(t, "lead", scopeRead)
	for _, path := range []string{"/api/v1/ledger", "/api/v1/quarantine"} {
		seen, target := 0, path+"?limit=1"
		for range 100 {
			r := call(t, door, lead, "GET", target, "")
			r.is(t, 200)
			items, _ := r.at("items").([]any)
			for _, it := range items {
				m, _ := it.(map[string]any)
				require.Equal(t, "box-1", m["mailbox"])
				seen++
			}
			next, more := r.at("next_cursor").(string)
			if !more {
				break
			}
			target = path + "?limit=1&cursor=" + urlEscape(next)
		}
		require.Equal(t, map[string]int{"/api/v1/ledger": 20, "/api/v1/quarantine": 10}[path], seen)
		call(t, door, lead, "GET", path+"?mailbox=box-2", "").is(t, 404, "not-found")
		call(t, door, lead, "GET", path+"?mailbox=box-1", "").is(t, 200)
		call(t, door, lead, "GET", path+"?cursor=junk", "").is(t, 400, "invalid-query")
	}
	require.Len(t, call(t, door, bootstrap, "GET", "/api/v1/ledger?limit=200", "").at("items"), 40)
}

func TestReceiptsAreForTheirActorOrALead(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeRead, scopeAct)
	call(t, door, sato, "POST", "/api/v1/tickets/1042/note", `{"id":"n1","message":{"body":"x"}}`).is(t, 200)
	mori := f.tokenOf(t, "mori", scopeRead, scopeAct)
	call(t, door, mori, "POST", "/api/v1/tickets/1046/note", `{"id":"n2","message":{"body":"x"}}`).is(t, 200)
	lead := f.tokenOf(t, "lead", scopeRead)
	call(t, door, sato, "GET", "/api/v1/receipts/n1", "").is(t, 200)
	call(t, door, lead, "GET", "/api/v1/receipts/n1", "").is(t, 200)
	call(t, door, lead, "GET", "/api/v1/receipts/n2", "").is(t, 404, "not-found")
	call(t, door, bootstrap, "GET", "/api/v1/receipts/n2", "").is(t, 200)
	call(t, door, sato, "GET", "/api/v1/receipts/n2", "").is(t, 404, "not-found")
	call(t, door, sato, "GET", "/api/v1/receipts/n9", "").is(t, 404, "not-found")
	// Out of the desk meanwhile: the receipt stays, its ticket does not show.
	p := f.people["sato"]
	p.Desks = nil
	f.people["sato"] = p
	r := call(t, door, sato, "GET", "/api/v1/receipts/n1", "")
	r.is(t, 200)
	require.Nil(t, r.at("ticket"))
}
