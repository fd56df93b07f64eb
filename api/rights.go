package api

import (
	"slices"

	"duradesk/ticket"
)

// Scopes narrow what a token may do for its agent. admin holds the other two.
const (
	scopeRead  = "tickets:read"
	scopeAct   = "tickets:act"
	scopeAdmin = "admin"
)

// right is what an operation needs: a scope of the token and a role of its agent.
type right struct {
	scope string
	role  ticket.Role
}

// rights is the permission table by operation of the document. Who may send which command to a ticket stands in
// lifecycle (who.go), which decides it for every door; here commands need the scope only.
var rights = map[string]right{
	"listTickets":     {scopeRead, ticket.RoleAgent},
	"getTicket":       {scopeRead, ticket.RoleAgent},
	"getTimeline":     {scopeRead, ticket.RoleAgent},
	"getFuture":       {scopeRead, ticket.RoleAgent},
	"explainClock":    {scopeRead, ticket.RoleAgent},
	"getReceipt":      {scopeRead, ticket.RoleAgent},
	"listViews":       {scopeRead, ticket.RoleAgent},
	"getRawMessage":   {scopeRead, ticket.RoleAgent},
	"getAttachment":   {scopeRead, ticket.RoleAgent},
	"listQuarantine":  {scopeRead, ticket.RoleAgent},
	"getQuarantined":  {scopeRead, ticket.RoleAgent},
	"listLedger":      {scopeRead, ticket.RoleLead},
	"listMailboxes":   {scopeRead, ticket.RoleAgent},
	"listDesks":       {scopeRead, ticket.RoleAgent},
	"listGroups":      {scopeRead, ticket.RoleAgent},
	"listAgents":      {scopeRead, ticket.RoleAgent},
	"getAgent":        {scopeRead, ticket.RoleAgent},
	"listCalendars":   {scopeRead, ticket.RoleAgent},
	"getCalendarYear": {scopeRead, ticket.RoleAgent},
	"listPolicies":    {scopeRead, ticket.RoleAgent},
	"listNotices":     {scopeRead, ticket.RoleAgent},
	"readNotices":     {scopeRead, ticket.RoleAgent}, // his own, and nobody else sees it

	"stream":        {scopeRead, ticket.RoleAgent},
	"getPresence":   {scopeRead, ticket.RoleAgent},
	"listPresence":  {scopeRead, ticket.RoleAgent},
	"putPresence":   {scopeRead, ticket.RoleAgent}, // moves nothing: whoever may look may be seen looking
	"leavePresence": {scopeRead, ticket.RoleAgent},

	"listEvents": {scopeRead, ticket.RoleAgent},

	"listWebhooks":       {scopeAdmin, ticket.RoleAdmin},
	"createWebhook":      {scopeAdmin, ticket.RoleAdmin},
	"getWebhook":         {scopeAdmin, ticket.RoleAdmin},
	"changeWebhook":      {scopeAdmin, ticket.RoleAdmin},
	"deleteWebhook":      {scopeAdmin, ticket.RoleAdmin},
	"rotateWebhook":      {scopeAdmin, ticket.RoleAdmin},
	"pingWebhook":        {scopeAdmin, ticket.RoleAdmin},
	"listHookDeliveries": {scopeAdmin, ticket.RoleAdmin},
	"redeliverHook":      {scopeAdmin, ticket.RoleAdmin},

	"createTicket":    {scopeAct, ticket.RoleAgent},
	"clientReply":     {scopeAct, ticket.RoleAgent},
	"agentResponse":   {scopeAct, ticket.RoleAgent},
	"holdTicket":      {scopeAct, ticket.RoleAgent},
	"resolveTicket":   {scopeAct, ticket.RoleAgent},
	"escalateTicket":  {scopeAct, ticket.RoleAgent},
	"assignTicket":    {scopeAct, ticket.RoleAgent},
	"addNote":         {scopeAct, ticket.RoleAgent},
	"closeTicket":     {scopeAct, ticket.RoleAgent},
	"restoreTicket":   {scopeAct, ticket.RoleAgent},
	"deleteTicket":    {scopeAct, ticket.RoleAgent},
	"classifyTicket":  {scopeAct, ticket.RoleAgent},
	"clientVerdict":   {scopeAct, ticket.RoleAgent},
	"mergeTicket":     {scopeAct, ticket.RoleAgent},
	"unmergeTicket":   {scopeAct, ticket.RoleAgent},
	"linkTicket":      {scopeAct, ticket.RoleAgent},
	"recallTicket":    {scopeAct, ticket.RoleAgent},
	"makePromise":     {scopeAct, ticket.RoleAgent},
	"giveFeedback":    {scopeAct, ticket.RoleAgent},
	"splitMessage":    {scopeAct, ticket.RoleAgent},
	"moveMessage":     {scopeAct, ticket.RoleAgent},
	"withdrawMessage": {scopeAct, ticket.RoleAgent},

	"retryQuarantined": {scopeAct, ticket.RoleAgent},

	// An agent keeps his own tokens; those of others need an admin (tokens.go).
	"listTokens":     {scopeAdmin, ticket.RoleAgent},
	"createToken":    {scopeAdmin, ticket.RoleAgent},
	"deleteToken":    {scopeAdmin, ticket.RoleAgent},
	"createAgent":    {scopeAdmin, ticket.RoleAdmin},
	"createDesk":     {scopeAdmin, ticket.RoleAdmin},
	"createGroup":    {scopeAdmin, ticket.RoleAdmin},
	"createCalendar": {scopeAdmin, ticket.RoleAdmin},
	"createPolicy":   {scopeAdmin, ticket.RoleAdmin},
	"getDesk":        {scopeRead, ticket.RoleAgent},
	"changeDesk":     {scopeAdmin, ticket.RoleAdmin},
	"deleteDesk":     {scopeAdmin, ticket.RoleAdmin},
	"changeGroup":    {scopeAdmin, ticket.RoleAdmin},
	"deleteGroup":    {scopeAdmin, ticket.RoleAdmin},
	"changeAgent":    {scopeAdmin, ticket.RoleAdmin},
	"deleteAgent":    {scopeAdmin, ticket.RoleAdmin},
}

// asker is who sent the request, with what his token may.
type asker struct {
	Person
	scopes []string
}

func (a asker) actor() ticket.Actor {
	return ticket.Actor{Kind: ticket.ActorAgent, ID: a.Key, Role: a.Role}
}

func (a asker) has(scope string) bool {
	return slices.Contains(a.scopes, scope) || slices.Contains(a.scopes, scopeAdmin)
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
