package main

// auditStep is one request. What stands in braces comes from earlier answers, or is made afresh for each attempt.
type auditStep struct {
	operation, action  string
	who                string // "": the bootstrap token; else whose browser it is
	method, path, body string
	status             int
	keeps, from        string // a name for what stands in this field of the answer
}

const changed = "setting.changed"

var auditSteps = []auditStep{
	{operation: "createGroup", action: changed, method: "POST", path: "groups", body: `{"key":"tier2","name":"Tier 2"}`, status: 201},
	{operation: "changeGroup", action: changed, method: "PATCH", path: "groups/tier2", body: `{"name":"Second"}`, status: 200},
	{operation: "createAgent", action: "agent.made", method: "POST", path: "agents", body: `{"key":"sato","name":"Sato","email":"sato@desk.example","role":"agent","groups":["tier2"],"password":"correct horse"}`, status: 201},
	{operation: "changeAgent", action: "agent.changed", method: "PATCH", path: "agents/sato", body: `{"role":"admin"}`, status: 200},
	{operation: "createAgent", action: "agent.made", method: "POST", path: "agents", body: `{"key":"gone","name":"Gone","email":"gone@desk.example","role":"agent"}`, status: 201},
	{operation: "deleteAgent", action: "agent.removed", method: "DELETE", path: "agents/gone", status: 204},
	{operation: "createDesk", action: changed, method: "POST", path: "desks", body: `{"key":"billing","name":"Billing","kind":"issue","address":"billing@desk.example"}`, status: 201},
	{operation: "changeDesk", action: changed, method: "PATCH", path: "desks/billing", body: `{"name":"Bills","policy":{"auto_close_days":10}}`, status: 200},
	{operation: "deleteDesk", action: changed, method: "DELETE", path: "desks/billing", status: 204},
	{operation: "deleteGroup", action: changed, method: "DELETE", path: "groups/tier2", status: 204},
	{operation: "createCalendar", action: changed, method: "POST", path: "calendars", body: `{"key":"tokyo","zone":"Asia/Tokyo","week":{"monday":["09:00-18:00"]}}`, status: 201},
	{operation: "changeCalendar", action: changed, method: "PATCH", path: "calendars/tokyo", body: `{"week":{"saturday":["09:00-12:00"]}}`, status: 200},
	{operation: "importCalendar", action: changed, method: "POST", path: "calendars/tokyo/import", body: `{"file":"QkVHSU46VkNBTEVOREFSDQpWRVJTSU9OOjIuMA0KUFJPRElEOngNCkJFR0lOOlZFVkVOVA0KVUlEOjENClNVTU1BUlk6Rm91bmRpbmcgZGF5DQpEVFNUQVJUO1ZBTFVFPURBVEU6MjAyNzA2MDENCkVORDpWRVZFTlQNCkVORDpWQ0FMRU5EQVINCg==","from":"2027-01-01","to":"2027-12-31"}`, status: 200},
	{operation: "createPolicy", action: changed, method: "POST", path: "policies", body: `{"desk":"support","calendar":"tokyo"}`, status: 201},
	{operation: "changePolicy", action: changed, method: "PATCH", path: "policies/support", body: `{"auto_close_days":10}`, status: 200},
	{operation: "createReceptionType", action: changed, method: "POST", path: "desks/support/reception-types", body: `{"key":"repair","label":{"en":"Repair","ja":"修理依頼"},"fields":[]}`, status: 201},
	{operation: "changeReceptionType", action: changed, method: "PATCH", path: "desks/support/reception-types/repair", body: `{"label":{"ja":"修理"}}`, status: 200},
	{operation: "deleteReceptionType", action: changed, method: "DELETE", path: "desks/support/reception-types/repair", status: 204},
	{operation: "createTemplate", action: changed, method: "POST", path: "templates", body: `{"desk":"support","occasion":"answer","language":"ja","source":"Subject: {{ticket.title}}\n\n{{message}}"}`, status: 201, keeps: "template", from: "id"},
	{operation: "changeTemplate", action: changed, method: "PATCH", path: "templates/{template}", body: `{"source":"Subject: {{ticket.title}}\n\n{{message}}\n"}`, status: 200},
	{operation: "deleteTemplate", action: changed, method: "DELETE", path: "templates/{template}", status: 204},
	{operation: "createMacro", action: changed, method: "POST", path: "macros", body: `{"desk":"support","key":"thanks","name":{"en":"Thanks","ja":"お礼"},"tags":["done"]}`, status: 201, keeps: "macro", from: "id"},
	{operation: "changeMacro", action: changed, method: "PATCH", path: "macros/{macro}", body: `{"tags":["thanked"]}`, status: 200},
	{operation: "deleteMacro", action: changed, method: "DELETE", path: "macros/{macro}", status: 204},
	{operation: "createTextModule", action: changed, method: "POST", path: "text-modules", body: `{"desk":"support","shortcut":"hello","text":{"en":"Thank you.","ja":"ありがとうございます。"}}`, status: 201, keeps: "module", from: "id"},
	{operation: "changeTextModule", action: changed, method: "PATCH", path: "text-modules/{module}", body: `{"text":{"en":"Thanks."}}`, status: 200},
	{operation: "deleteTextModule", action: changed, method: "DELETE", path: "text-modules/{module}", status: 204},
	{operation: "createTrigger", action: changed, method: "POST", path: "triggers", body: `{"desk":"support","key":"printers","name":"Printers","when":{"channels":["mail"]},"then":{"priority":"high"}}`, status: 201, keeps: "trigger", from: "id"},
	{operation: "changeTrigger", action: changed, method: "PATCH", path: "triggers/{trigger}", body: `{"enabled":false}`, status: 200},
	{operation: "deleteTrigger", action: changed, method: "DELETE", path: "triggers/{trigger}", status: 204},
	{operation: "createForbiddenWord", action: changed, method: "POST", path: "forbidden-words", body: `{"desk":"support","word":"必ず","action":"block"}`, status: 201, keeps: "word", from: "id"},
	{operation: "changeForbiddenWord", action: changed, method: "PATCH", path: "forbidden-words/{word}", body: `{"action":"warn"}`, status: 200},
	{operation: "deleteForbiddenWord", action: changed, method: "DELETE", path: "forbidden-words/{word}", status: 204},
	{operation: "createMailbox", action: changed, method: "POST", path: "mailboxes", body: `{"desk":"support","address":"sales@desk.example","imap":{"host":"imap.desk.example","port":993,"tls":"tls"},"smtp":{"host":"smtp.desk.example","port":587,"tls":"starttls"},"login":{"mode":"password","password":"a secret"}}`, status: 201, keeps: "mailbox", from: "id"},
	{operation: "changeMailbox", action: changed, method: "PATCH", path: "mailboxes/{mailbox}", body: `{"poll_seconds":30}`, status: 200},
	{operation: "deleteMailbox", action: changed, method: "DELETE", path: "mailboxes/{mailbox}", status: 204},
	{operation: "createWebhook", action: changed, method: "POST", path: "webhooks", body: `{"url":"https://hooks.example/duradesk"}`, status: 201, keeps: "webhook", from: "id"},
	{operation: "changeWebhook", action: changed, method: "PATCH", path: "webhooks/{webhook}", body: `{"events":["ticket.created"]}`, status: 200},
	{operation: "rotateWebhook", action: changed, method: "POST", path: "webhooks/{webhook}/rotate", body: `{}`, status: 200},
	{operation: "pingWebhook", action: changed, method: "POST", path: "webhooks/{webhook}/ping", status: 202, keeps: "told", from: "id"},
	{operation: "redeliverHook", action: changed, method: "POST", path: "webhooks/{webhook}/deliveries/{told}/redeliver", status: 202},
	{operation: "deleteWebhook", action: changed, method: "DELETE", path: "webhooks/{webhook}", status: 204},
	{operation: "createChannel", action: changed, method: "POST", path: "channels", body: `{"key":"shop","desk":"support"}`, status: 201},
	{operation: "changeChannel", action: changed, method: "PATCH", path: "channels/shop", body: `{"name":"Shop"}`, status: 200},
	{operation: "rotateChannel", action: changed, method: "POST", path: "channels/shop/rotate", body: `{}`, status: 200},
	{operation: "deleteChannel", action: changed, method: "DELETE", path: "channels/shop", status: 204},
	{operation: "createToken", action: "token.made", method: "POST", path: "tokens", body: `{"agent":"sato","scopes":["tickets:read"]}`, status: 201, keeps: "token", from: "id"},
	{operation: "deleteToken", action: "token.revoked", method: "DELETE", path: "tokens/{token}", status: 204},
	{operation: "setClientAccess", action: "client.access", method: "PUT", path: "clients/{suzuki}/access", body: `{"access":"portal"}`, status: 200},

	{operation: "createSession", action: "session.begun", who: "suzuki", method: "POST", path: "session", body: `{"link":"{sign_in}"}`, status: 201},
	{operation: "deleteSession", action: "session.ended", who: "suzuki", method: "DELETE", path: "session", status: 204},
	{operation: "mergeClient", action: "client.merge", method: "POST", path: "clients/{suzuki}/merge", body: `{"into":"{yamada}"}`, status: 200},
	{operation: "createSession", action: "session.refused", who: "stranger", method: "POST", path: "session", body: `{"login":"sato","password":"wrong horse"}`, status: 401},
	{operation: "createSession", action: "session.begun", who: "sato", method: "POST", path: "session", body: `{"login":"sato","password":"correct horse"}`, status: 201},
	{operation: "changePassword", action: "password.changed", who: "sato", method: "PUT", path: "password", body: `{"current":"correct horse","password":"battery staple"}`, status: 204},
	{operation: "createSession", action: "session.begun", who: "other", method: "POST", path: "session", body: `{"login":"sato","password":"battery staple"}`, status: 201, keeps: "session", from: "id"},
	{operation: "endSession", action: "session.revoked", who: "sato", method: "DELETE", path: "sessions/{session}", status: 204},
	{operation: "createSession", action: "session.begun", who: "other", method: "POST", path: "session", body: `{"login":"sato","password":"battery staple"}`, status: 201},
	{operation: "endSessions", action: "session.revoked", who: "sato", method: "DELETE", path: "sessions", status: 204},
	{operation: "enrolFactor", action: "factor.begun", who: "sato", method: "POST", path: "factor", status: 201, keeps: "seed", from: "secret"},
	{operation: "confirmFactor", action: "factor.made", who: "sato", method: "POST", path: "factor/confirm", body: `{"code":"{totp}"}`, status: 200, keeps: "codes", from: "codes"},
	{operation: "renewRecoveryCodes", action: "factor.refused", who: "sato", method: "POST", path: "factor/codes", body: `{"code":"abcd-abcd-abcd-abcd"}`, status: 422},
	{operation: "renewRecoveryCodes", action: "factor.codes", who: "sato", method: "POST", path: "factor/codes", body: `{"code":"{code}"}`, status: 200, keeps: "codes", from: "codes"},
	{operation: "createSession", action: "session.begun", who: "other", method: "POST", path: "session", body: `{"login":"sato","password":"battery staple"}`, status: 201},
	{operation: "giveFactor", action: "session.begun", who: "other", method: "POST", path: "session/factor", body: `{"code":"{code}"}`, status: 201},
	{operation: "removeFactor", action: "factor.removed", who: "sato", method: "POST", path: "factor/remove", body: `{"code":"{code}"}`, status: 204},
	{operation: "resetPassword", action: "password.reset", who: "stranger", method: "POST", path: "password", body: `{"link":"{password}","password":"staple battery"}`, status: 204},
}
