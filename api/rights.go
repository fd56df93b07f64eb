package api

import (
	"slices"

	"duradesk/ticket"
)

// Scopes narrow what a token may do for its holder. act holds reply, admin holds all others.
const (
	scopeRead  = "tickets:read"
	scopeReply = "tickets:reply"
	scopeAct   = "tickets:act"
	scopeAdmin = "admin"
	scopeNone  = "" // of whoever is signed in, about himself
)

var scopes = []string{scopeRead, scopeReply, scopeAct, scopeAdmin}

// right is what an operation needs: a scope of the token, a role of an agent, an access of a client.
type right struct {
	scope  string
	role   ticket.Role
	client access // the least with which a client may call it, on what is his; "": no client may
	early  bool   // also before the second factor is given
}

// access is what a client may open (E24-E30).
type access string

const (
	noClient access = ""
	portal   access = "portal"
	full     access = "full"
)

// holds reports whether what a client has is enough.
func (a access) holds(has string) bool {
	return a != noClient && (has == string(full) || has == string(portal) && a == portal)
}

// rights is the permission table by operation of the document. Who may send which command to a ticket stands in
// lifecycle (who.go), which decides it for every door; here commands need the scope only.
var rights = map[string]right{
	"listTickets":     {scope: scopeRead, role: ticket.RoleAgent},
	"getTicket":       {scope: scopeRead, role: ticket.RoleAgent},
	"getTimeline":     {scope: scopeRead, role: ticket.RoleAgent},
	"getFuture":       {scope: scopeRead, role: ticket.RoleAgent},
	"explainClock":    {scope: scopeRead, role: ticket.RoleAgent},
	"getReceipt":      {scope: scopeRead, role: ticket.RoleAgent},
	"listViews":       {scope: scopeRead, role: ticket.RoleAgent},
	"getRawMessage":   {scope: scopeRead, role: ticket.RoleAgent},
	"getAttachment":   {scope: scopeRead, role: ticket.RoleAgent},
	"listQuarantine":  {scope: scopeRead, role: ticket.RoleAgent},
	"getQuarantined":  {scope: scopeRead, role: ticket.RoleAgent},
	"listLedger":      {scope: scopeRead, role: ticket.RoleLead},
	"listMailboxes":   {scope: scopeRead, role: ticket.RoleAgent},
	"listDesks":       {scope: scopeRead, role: ticket.RoleAgent},
	"listGroups":      {scope: scopeRead, role: ticket.RoleAgent},
	"listAgents":      {scope: scopeRead, role: ticket.RoleAgent},
	"getAgent":        {scope: scopeRead, role: ticket.RoleAgent},
	"listCalendars":   {scope: scopeRead, role: ticket.RoleAgent},
	"getCalendarYear": {scope: scopeRead, role: ticket.RoleAgent},
	"listPolicies":    {scope: scopeRead, role: ticket.RoleAgent},
	"listNotices":     {scope: scopeRead, role: ticket.RoleAgent},
	"readNotices":     {scope: scopeRead, role: ticket.RoleAgent}, // his own, and nobody else sees it

	"createTicket":    {scope: scopeAct, role: ticket.RoleAgent},
	"clientReply":     {scope: scopeReply, role: ticket.RoleAgent},
	"agentResponse":   {scope: scopeReply, role: ticket.RoleAgent},
	"holdTicket":      {scope: scopeAct, role: ticket.RoleAgent},
	"resolveTicket":   {scope: scopeAct, role: ticket.RoleAgent},
	"escalateTicket":  {scope: scopeAct, role: ticket.RoleAgent},
	"assignTicket":    {scope: scopeAct, role: ticket.RoleAgent},
	"addNote":         {scope: scopeAct, role: ticket.RoleAgent},
	"closeTicket":     {scope: scopeAct, role: ticket.RoleAgent},
	"restoreTicket":   {scope: scopeAct, role: ticket.RoleAgent},
	"deleteTicket":    {scope: scopeAct, role: ticket.RoleAgent},
	"classifyTicket":  {scope: scopeAct, role: ticket.RoleAgent},
	"clientVerdict":   {scope: scopeAct, role: ticket.RoleAgent},
	"mergeTicket":     {scope: scopeAct, role: ticket.RoleAgent},
	"unmergeTicket":   {scope: scopeAct, role: ticket.RoleAgent},
	"linkTicket":      {scope: scopeAct, role: ticket.RoleAgent},
	"recallTicket":    {scope: scopeAct, role: ticket.RoleAgent},
	"makePromise":     {scope: scopeAct, role: ticket.RoleAgent},
	"giveFeedback":    {scope: scopeAct, role: ticket.RoleAgent},
	"splitMessage":    {scope: scopeAct, role: ticket.RoleAgent},
	"moveMessage":     {scope: scopeAct, role: ticket.RoleAgent},
	"withdrawMessage": {scope: scopeAct, role: ticket.RoleAgent},

	"retryQuarantined": {scope: scopeAct, role: ticket.RoleAgent},

	"getSession":    {scope: scopeNone, role: ticket.RoleAgent, client: portal, early: true},
	"deleteSession": {scope: scopeNone, role: ticket.RoleAgent, client: portal, early: true},

	// An agent keeps his own tokens; those of others need an admin (tokens.go).
	"listTokens":     {scope: scopeAdmin, role: ticket.RoleAgent},
	"createToken":    {scope: scopeAdmin, role: ticket.RoleAgent},
	"deleteToken":    {scope: scopeAdmin, role: ticket.RoleAgent},
	"createAgent":    {scope: scopeAdmin, role: ticket.RoleAdmin},
	"createDesk":     {scope: scopeAdmin, role: ticket.RoleAdmin},
	"createGroup":    {scope: scopeAdmin, role: ticket.RoleAdmin},
	"createCalendar": {scope: scopeAdmin, role: ticket.RoleAdmin},
	"createPolicy":   {scope: scopeAdmin, role: ticket.RoleAdmin},
	"getDesk":        {scope: scopeRead, role: ticket.RoleAgent},
	"changeDesk":     {scope: scopeAdmin, role: ticket.RoleAdmin},
	"deleteDesk":     {scope: scopeAdmin, role: ticket.RoleAdmin},
	"changeGroup":    {scope: scopeAdmin, role: ticket.RoleAdmin},
	"deleteGroup":    {scope: scopeAdmin, role: ticket.RoleAdmin},
	"changeAgent":    {scope: scopeAdmin, role: ticket.RoleAdmin},
	"deleteAgent":    {scope: scopeAdmin, role: ticket.RoleAdmin},
}

// asker is who sent the request, with what his session or token may.
type asker struct {
	Person
	client  ticket.Client // of a client: then Person has a name and an address, but neither key nor role
	scopes  []string
	session Session // none where he came with a token
	token   string  // id; "" where he came with a session, and for the bootstrap token
}

func (a asker) isClient() bool { return a.client.ID != "" }

func (a asker) actor() ticket.Actor {
	if a.isClient() {
		return ticket.Actor{Kind: ticket.ActorClient, ID: a.client.ID, Full: a.client.Access == "full"}
	}
	return ticket.Actor{Kind: ticket.ActorAgent, ID: a.Key, Role: a.Role}
}

// id is the agent's key or the client's id.
func (a asker) id() string {
	if a.isClient() {
		return a.client.ID
	}
	return a.Key
}

func (a asker) has(scope string) bool {
	return scope == scopeNone || slices.Contains(a.scopes, scope) || slices.Contains(a.scopes, scopeAdmin) ||
		scope == scopeReply && slices.Contains(a.scopes, scopeAct)
}

// sees reports whether tickets of that desk exist for him.
func (a asker) sees(desk string) bool {
	return a.Role == ticket.RoleAdmin || slices.Contains(a.Desks, desk)
}

// desks he may see, as Query wants them: nil for all.
func (a asker) desks() []string {
	if a.Role == ticket.RoleAdmin {
		return nil
	}
	return append([]string{}, a.Desks...)
}
