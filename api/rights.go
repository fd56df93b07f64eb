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
	scopeNone  = ""        // of whoever is signed in, about himself
	scopeSelf  = "himself" // of who sits at the browser: no token has it but one with admin
)

var scopes = []string{scopeRead, scopeReply, scopeAct, scopeAdmin}

// right is what an operation needs of the staff: a scope of the token and a role.
type right struct {
	scope string
	role  ticket.Role
}

// rights is the permission table by operation of the document. Who may send which command to a ticket stands in
// lifecycle (who.go), which decides it for every door; here commands need the scope only.
var rights = map[string]right{
	"listTickets":       {scopeRead, ticket.RoleAgent},
	"getTicket":         {scopeRead, ticket.RoleAgent},
	"getTimeline":       {scopeRead, ticket.RoleAgent},
	"getFuture":         {scopeRead, ticket.RoleAgent},
	"explainClock":      {scopeRead, ticket.RoleAgent},
	"getReceipt":        {scopeNone, ticket.RoleAgent}, // what he sent himself; that of others takes scopeRead (receipts.go)
	"listViews":         {scopeRead, ticket.RoleAgent},
	"getRawMessage":     {scopeRead, ticket.RoleAgent},
	"getAttachment":     {scopeRead, ticket.RoleAgent},
	"uploadAttachment":  {scopeReply, ticket.RoleAgent},
	"listQuarantine":    {scopeRead, ticket.RoleAgent},
	"getQuarantined":    {scopeRead, ticket.RoleAgent},
	"listLedger":        {scopeRead, ticket.RoleLead},
	"listMailboxes":     {scopeRead, ticket.RoleAgent},
	"getMailbox":        {scopeRead, ticket.RoleAgent},
	"listUndeliverable": {scopeRead, ticket.RoleAgent},
	"reconcileMailbox":  {scopeRead, ticket.RoleLead},
	"listDesks":         {scopeRead, ticket.RoleAgent},
	"listGroups":        {scopeRead, ticket.RoleAgent},
	"listAgents":        {scopeRead, ticket.RoleAgent},
	"getAgent":          {scopeRead, ticket.RoleAgent},
	"listCalendars":     {scopeRead, ticket.RoleAgent},
	"getCalendarYear":   {scopeRead, ticket.RoleAgent},
	"listPolicies":      {scopeRead, ticket.RoleAgent},
	"listNotices":       {scopeRead, ticket.RoleAgent},
	"readNotices":       {scopeRead, ticket.RoleAgent}, // his own, and nobody else sees it

	"stream":        {scopeRead, ticket.RoleAgent},
	"getPresence":   {scopeRead, ticket.RoleAgent},
	"listPresence":  {scopeRead, ticket.RoleAgent},
	"putPresence":   {scopeRead, ticket.RoleAgent}, // moves nothing: whoever may look may be seen looking
	"leavePresence": {scopeRead, ticket.RoleAgent},

	"listEvents": {scopeRead, ticket.RoleAgent},
	"getReport":  {scopeRead, ticket.RoleLead},
	"getPortal":  {scopeRead, ticket.RoleAgent},
	"openTicket": {scopeReply, ticket.RoleAgent}, // for clients: who of the staff asks is told to open another way

	"listWebhooks":       {scopeAdmin, ticket.RoleAdmin},
	"createWebhook":      {scopeAdmin, ticket.RoleAdmin},
	"getWebhook":         {scopeAdmin, ticket.RoleAdmin},
	"changeWebhook":      {scopeAdmin, ticket.RoleAdmin},
	"deleteWebhook":      {scopeAdmin, ticket.RoleAdmin},
	"rotateWebhook":      {scopeAdmin, ticket.RoleAdmin},
	"pingWebhook":        {scopeAdmin, ticket.RoleAdmin},
	"listHookDeliveries": {scopeAdmin, ticket.RoleAdmin},
	"redeliverHook":      {scopeAdmin, ticket.RoleAdmin},

	"listChannels":  {scopeAdmin, ticket.RoleAdmin},
	"createChannel": {scopeAdmin, ticket.RoleAdmin},
	"getChannel":    {scopeAdmin, ticket.RoleAdmin},
	"changeChannel": {scopeAdmin, ticket.RoleAdmin},
	"deleteChannel": {scopeAdmin, ticket.RoleAdmin},
	"rotateChannel": {scopeAdmin, ticket.RoleAdmin},

	"listChannelDeliveries": {scopeAdmin, ticket.RoleAdmin},

	"createBulk": {scopeAct, ticket.RoleAgent},
	"getBulk":    {scopeRead, ticket.RoleAgent}, // his own; a lead any
	"pauseBulk":  {scopeAct, ticket.RoleAgent},
	"resumeBulk": {scopeAct, ticket.RoleAgent},
	"cancelBulk": {scopeAct, ticket.RoleAgent},
	"undoBulk":   {scopeAct, ticket.RoleAgent},

	"createTicket":    {scopeAct, ticket.RoleAgent},
	"clientReply":     {scopeReply, ticket.RoleAgent},
	"agentResponse":   {scopeReply, ticket.RoleAgent},
	"holdTicket":      {scopeAct, ticket.RoleAgent},
	"resolveTicket":   {scopeAct, ticket.RoleAgent},
	"escalateTicket":  {scopeAct, ticket.RoleAgent},
	"assignTicket":    {scopeAct, ticket.RoleAgent},
	"addNote":         {scopeAct, ticket.RoleAgent},
	"closeTicket":     {scopeAct, ticket.RoleAgent},
	"restoreTicket":   {scopeAct, ticket.RoleAgent},
	"deleteTicket":    {scopeAct, ticket.RoleAgent},
	"classifyTicket":  {scopeAct, ticket.RoleAgent},
	"clientVerdict":   {scopeReply, ticket.RoleAgent},
	"mergeTicket":     {scopeAct, ticket.RoleAgent},
	"unmergeTicket":   {scopeAct, ticket.RoleAgent},
	"linkTicket":      {scopeAct, ticket.RoleAgent},
	"recallTicket":    {scopeAct, ticket.RoleAgent},
	"makePromise":     {scopeAct, ticket.RoleAgent},
	"giveFeedback":    {scopeReply, ticket.RoleAgent},
	"splitMessage":    {scopeAct, ticket.RoleAgent},
	"moveMessage":     {scopeAct, ticket.RoleAgent},
	"withdrawMessage": {scopeAct, ticket.RoleAgent},

	"getSettings":  {scopeRead, ticket.RoleAgent},
	"saveSettings": {scopeRead, ticket.RoleAgent}, // his own, and they move no ticket
	"getListLook":  {scopeRead, ticket.RoleAgent},
	"saveListLook": {scopeRead, ticket.RoleAgent}, // as above

	// Drafts are the asker's own.
	"listDrafts":       {scopeRead, ticket.RoleAgent},
	"listTicketDrafts": {scopeRead, ticket.RoleAgent},
	"getDraft":         {scopeRead, ticket.RoleAgent},
	"getDraftFile":     {scopeRead, ticket.RoleAgent},
	"saveDraft":        {scopeAct, ticket.RoleAgent},
	"deleteDraft":      {scopeAct, ticket.RoleAgent},
	"previewMail":      {scopeRead, ticket.RoleAgent}, // it stores nothing

	"retryQuarantined":   {scopeAct, ticket.RoleAgent},
	"clearUndeliverable": {scopeAct, ticket.RoleAgent},

	"getSession":    {scopeNone, ticket.RoleAgent},
	"deleteSession": {scopeNone, ticket.RoleAgent},

	"getView":    {scopeRead, ticket.RoleAgent},
	"createView": {scopeAct, ticket.RoleAgent}, // for himself; for everybody it takes a lead (views.go)
	"changeView": {scopeAct, ticket.RoleAgent},
	"deleteView": {scopeAct, ticket.RoleAgent},

	"listClients":  {scopeRead, ticket.RoleAgent},
	"getClient":    {scopeRead, ticket.RoleAgent},
	"changeClient": {scopeAct, ticket.RoleAgent},
	"mergeClient":  {scopeAct, ticket.RoleLead}, // nothing brings two files apart again

	"setClientAccess": {scopeAdmin, ticket.RoleLead},

	// Those of others need an admin (sessions.go).
	"listSessions": {scopeSelf, ticket.RoleAgent},
	"endSessions":  {scopeSelf, ticket.RoleAgent},
	"endSession":   {scopeSelf, ticket.RoleAgent},
	"listAudit":    {scopeAdmin, ticket.RoleAdmin},

	"changePassword":     {scopeSelf, ticket.RoleAgent},
	"getFactor":          {scopeSelf, ticket.RoleAgent},
	"enrolFactor":        {scopeSelf, ticket.RoleAgent},
	"confirmFactor":      {scopeSelf, ticket.RoleAgent},
	"giveFactor":         {scopeSelf, ticket.RoleAgent},
	"renewRecoveryCodes": {scopeSelf, ticket.RoleAgent},
	"removeFactor":       {scopeSelf, ticket.RoleAgent}, // that of others needs an admin (factor.go)

	// An agent keeps his own tokens; those of others need an admin (tokens.go).
	"listTokens":         {scopeAdmin, ticket.RoleAgent},
	"createToken":        {scopeAdmin, ticket.RoleAgent},
	"deleteToken":        {scopeAdmin, ticket.RoleAgent},
	"createAgent":        {scopeAdmin, ticket.RoleAdmin},
	"createDesk":         {scopeAdmin, ticket.RoleAdmin},
	"createGroup":        {scopeAdmin, ticket.RoleAdmin},
	"createCalendar":     {scopeAdmin, ticket.RoleAdmin},
	"createPolicy":       {scopeAdmin, ticket.RoleAdmin},
	"listReceptionTypes": {scopeRead, ticket.RoleAgent},
	"listTemplates":      {scopeRead, ticket.RoleAgent},
	"listMacros":         {scopeRead, ticket.RoleAgent},
	"useMacro":           {scopeRead, ticket.RoleAgent},
	"listTextModules":    {scopeRead, ticket.RoleAgent},
	"listTriggers":       {scopeRead, ticket.RoleAgent},
	"listForbiddenWords": {scopeRead, ticket.RoleAgent},
	"tryForbiddenWords":  {scopeRead, ticket.RoleAgent}, // it stores nothing
	"explainPolicy":      {scopeRead, ticket.RoleAgent},

	// A lead furnishes his desks; what is for every desk is an admin's (furniture.go).
	"createReceptionType": {scopeAdmin, ticket.RoleLead},
	"changeReceptionType": {scopeAdmin, ticket.RoleLead},
	"deleteReceptionType": {scopeAdmin, ticket.RoleLead},
	"createTemplate":      {scopeAdmin, ticket.RoleLead},
	"changeTemplate":      {scopeAdmin, ticket.RoleLead},
	"deleteTemplate":      {scopeAdmin, ticket.RoleLead},
	"createMacro":         {scopeAdmin, ticket.RoleLead},
	"changeMacro":         {scopeAdmin, ticket.RoleLead},
	"deleteMacro":         {scopeAdmin, ticket.RoleLead},
	"createTextModule":    {scopeAdmin, ticket.RoleLead},
	"changeTextModule":    {scopeAdmin, ticket.RoleLead},
	"deleteTextModule":    {scopeAdmin, ticket.RoleLead},
	"listArticles":        {scopeRead, ticket.RoleAgent},
	"getArticle":          {scopeRead, ticket.RoleAgent},
	"listArticleVersions": {scopeRead, ticket.RoleAgent},
	"createArticle":       {scopeAct, ticket.RoleAgent}, // for a desk of his; for every desk an admin
	"changeArticle":       {scopeAct, ticket.RoleAgent},
	"deleteArticle":       {scopeAct, ticket.RoleAgent},
	"createTrigger":       {scopeAdmin, ticket.RoleLead},
	"changeTrigger":       {scopeAdmin, ticket.RoleLead},
	"deleteTrigger":       {scopeAdmin, ticket.RoleLead},
	"createForbiddenWord": {scopeAdmin, ticket.RoleLead},
	"changeForbiddenWord": {scopeAdmin, ticket.RoleLead},
	"deleteForbiddenWord": {scopeAdmin, ticket.RoleLead},
	"tryTemplate":         {scopeAdmin, ticket.RoleLead},

	"getCalendar":    {scopeRead, ticket.RoleAgent},
	"changeCalendar": {scopeAdmin, ticket.RoleAdmin},
	"importCalendar": {scopeAdmin, ticket.RoleAdmin},
	"changePolicy":   {scopeAdmin, ticket.RoleAdmin},
	"getDesk":        {scopeRead, ticket.RoleAgent},
	"changeDesk":     {scopeAdmin, ticket.RoleAdmin},
	"deleteDesk":     {scopeAdmin, ticket.RoleAdmin},
	"changeGroup":    {scopeAdmin, ticket.RoleAdmin},
	"deleteGroup":    {scopeAdmin, ticket.RoleAdmin},
	"changeAgent":    {scopeAdmin, ticket.RoleAdmin},
	"deleteAgent":    {scopeAdmin, ticket.RoleAdmin},
	"createMailbox":  {scopeAdmin, ticket.RoleAdmin},
	"changeMailbox":  {scopeAdmin, ticket.RoleAdmin},
	"deleteMailbox":  {scopeAdmin, ticket.RoleAdmin},
	"testMailbox":    {scopeAdmin, ticket.RoleAdmin},
}

// access is what a client may open (E24-E30).
type access string

const (
	noAccess access = ""
	portal   access = "portal"
	full     access = "full"
)

// clientRights is the least access with which a client may call an operation, on what is his; any other operation is for
// the staff only. The scope is that of rights, but that a client who may read and reply may all that clients may.
var clientRights = map[string]access{
	"getSession":     portal,
	"deleteSession":  portal,
	"listSessions":   portal,
	"endSessions":    portal,
	"endSession":     portal,
	"listTickets":    portal,
	"getTicket":      portal,
	"getTimeline":    portal,
	"getReceipt":     portal,
	"stream":         portal, // of his own tickets, without presence
	"clientReply":    portal,
	"clientVerdict":  portal,
	"giveFeedback":   portal,
	"classifyTicket": full, // of the fields that the desk leaves to clients (client_classify.go)
	"getPortal":      portal,
	"openTicket":     portal,
	"listArticles":   portal, // those that are published
	"getArticle":     portal,
	"getAttachment":  portal, // of what was said to him

	"uploadAttachment": portal,
}

// holds reports whether what a client has is enough.
func (a access) holds(has string) bool {
	return a != noAccess && (has == string(full) || has == string(portal) && a == portal)
}

// early are the operations for which the second factor may still be owed, and those to set one up.
var early = map[string][]string{
	stateFactor: {"getSession", "deleteSession", "giveFactor"},
	stateEnrol:  {"getSession", "deleteSession", "getFactor", "enrolFactor", "confirmFactor"},
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
	return scope == scopeNone || scope == scopeSelf && a.session.ID != "" || slices.Contains(a.scopes, scope) || slices.Contains(a.scopes, scopeAdmin) ||
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
