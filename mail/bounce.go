package mail

import (
	"regexp"
	"strings"
)

// bounceSubject matches the subjects of failure notices without RFC 3464 parts.
var bounceSubject = regexp.MustCompile(`(?i)(undeliver|delivery (status notification|failure|failed|has failed|problem)|failure notice|` +
	`returned mail|mail delivery (failed|failure|system)|non-?delivery|message not delivered|could not be delivered|` +
	`unzustellbar|nicht zugestellt|non remis|échec de (la )?remise|no se puede entregar|entrega fallida|mancata consegna|` +
	`não entregue|配信不能|配送不能|配信できませんでした|配信エラー|送信エラー|宛先不明|未送達|メールを配信できません|投递失败|退信|無法傳遞|반송|전송 실패|전송실패|전달되지)`)

var delaySubject = regexp.MustCompile(`(?i)(delayed|warning: (message|could not send)|delay notification|verzögert|遅延|지연|延迟)`)

// bouncePhrase matches the sentence in the text that confirms a failure.
var bouncePhrase = regexp.MustCompile(`(?i)(could not be delivered|couldn't be delivered|was not delivered|wasn't delivered|` +
	`undeliverable|delivery to the following recipients? (has )?failed|failed permanently|permanent (fatal )?errors?|` +
	`unable to deliver|this is a permanent error|user unknown|no such user|unrouteable address|mailbox (is )?full|` +
	`recipient('s)? address rejected|returned to sender|message (has been )?rejected|does not exist|` +
	`konnte nicht zugestellt|n'a pas pu être (remis|distribu)|no se (pudo|ha podido) entregar|` +
	`配信できませんでした|配信できません|送信できませんでした|お届けできませんでした|エラー|存在しません|` +
	`전송하지 못|전달되지 못|배달하지 못|投递失败|无法投递|無法傳遞)`)

var delayPhrase = regexp.MustCompile(`(?i)(will (continue to )?(be )?re-?tr(y|ied)|still trying|has been delayed|delivery delayed|` +
	`you do not need to resend|warning message only|no action is required|再送を試み|遅延)`)

// recipientLine finds the address a failure notice speaks of: on a line of its own, or in a sentence.
var recipientLine = regexp.MustCompile(`(?im)^[\s>*\d.]*(?:(?:to|rcpt to|final-recipient|recipient|failed recipient|宛先|받는 사람|收件人)\s*[:：]?\s*(?:rfc822;\s*)?)?[<"' ]*([a-z0-9!#$%&'*+/=?^_{|}~.-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+)[>"' ]*[:：]?\s*(?:$|\(|\.\.\.|:|<)`)

// guess recognises failure notices by sender and wording. The sender alone, or the words alone, is not enough: mail
// daemons also send other things, and people write about bounces.
func (r *report) guess(m Message) {
	hint := daemonHint(m)
	failed := ParseAddresses(m.Header.Raw("X-Failed-Recipients"), "", 100)
	if hint == "" && len(failed) == 0 {
		return
	}
	text := m.Text[:min(len(m.Text), 64<<10)]
	body, _, _ := strings.Cut(text, "\n\n--- ")
	fails := bouncePhrase.MatchString(body)
	waits := delayPhrase.MatchString(body) || delaySubject.MatchString(m.Subject)
	said := bounceSubject.MatchString(m.Subject)
	reported := m.ReportType == "delivery-status"
	switch {
	case waits && (reported || said || delaySubject.MatchString(m.Subject)) && len(failed) == 0 && !permanent.MatchString(body):
		r.sort = SortDelayed
	case len(failed) > 0 && (fails || said || hint != ""), fails && (said || reported || hint == "daemon"), said && reported:
		r.sort = SortBounce
	default:
		return
	}
	r.evidence = append(r.evidence, "failure notice by sender and wording")
	action := "failed"
	if r.sort == SortDelayed {
		action = "delayed"
	}
	for _, a := range failed {
		r.recipients = append(r.recipients, RecipientReport{Recipient: a.Addr, Action: action, Status: statusOfText(body)})
	}
	if len(r.recipients) == 0 {
		r.recipientFromText(m, body, action)
	}
}

var permanent = regexp.MustCompile(`(?i)(permanent|giving up|gave up|will not be retried|no longer)`)

func daemonHint(m Message) string {
	for _, a := range append(append([]Address{}, m.From...), m.Sender...) {
		if local, _, _ := strings.Cut(a.Addr, "@"); daemonLocal.MatchString(local) {
			return "daemon"
		}
	}
	if m.NullReturnPath || m.ReportType == "delivery-status" {
		return "null sender"
	}
	return ""
}

// recipientFromText takes the first address that stands like the subject of the notice and is not the reporter.
func (r *report) recipientFromText(m Message, body, action string) {
	reporter := map[string]bool{}
	for _, a := range append(append([]Address{}, m.From...), m.To...) {
		reporter[a.Key()] = true
	}
	for _, match := range recipientLine.FindAllStringSubmatch(body, 20) {
		list := ParseAddresses(match[1], "", 1)
		if len(list) == 0 || reporter[list[0].Key()] {
			continue
		}
		r.recipients = append(r.recipients, RecipientReport{Recipient: list[0].Addr, Action: action, Status: statusOfText(body)})
		return
	}
}

// statusOfText finds the status a notice in prose gives.
func statusOfText(text string) string {
	text = text[:min(len(text), 16<<10)]
	if code := statusCode.FindString(text); code != "" && code[0] != '2' && !strings.HasSuffix(code, ".0.0") {
		return code
	}
	return statusFromText(text)
}
