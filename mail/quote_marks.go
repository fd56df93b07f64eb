package mail

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/atom"
)

// isDelimiter knows the line that a desk's own template may put above what it repeats, also as other desks write it. What
// stands below it in an answer is quotation.
func isDelimiter(s string) bool {
	if !strings.Contains(s, "##-") {
		return false
	}
	lower := strings.ToLower(s)
	return strings.Contains(lower, "reply above this line") || strings.Contains(s, "この行より上に")
}

// attributions match a line, or up to three joined lines, that says who wrote what is quoted below. Each is anchored
// and runs only on lines that contain one of its words.
var attributions = []struct {
	words   []string
	dated   bool // needs a digit
	pattern *regexp.Regexp
}{
	{[]string{"wrote", "writes", "said"}, false, regexp.MustCompile(`(?i)^(on|at)\b.{3,300}\b(wrote|writes|said)( the following)?\s?:$|` +
		`^.{2,200}[<(\[][^\s<>]+@[^\s<>]+[>)\]].{0,60}\b(wrote|writes|said)\b.{0,60}:$|` +
		`^.{0,40}\d{1,4}[-/.年]\d{1,2}[-/.月].{0,200}\b(wrote|writes|said)( the following)?\s?:$|` +
		`^.{2,120}\b(wrote|writes)\b (on|at) .{4,100}:$`)},
	{[]string{"schrieb"}, false, regexp.MustCompile(`(?i)^(am|den|um)\b.{3,300}\bschrieb(en)?\b.{0,200}:$|` +
		`^.{2,200}@.{2,100}\bschrieb\b.{0,60}:$|^.{2,120}\bschrieb am .{4,100}:$`)},
	{[]string{"crit"}, false, regexp.MustCompile(`(?i)^(le|on|en date)\b.{3,300}\ba\s+écrit\b.{0,60}:$`)},
	{[]string{"escrib"}, false, regexp.MustCompile(`(?i)^(el|en)\b.{3,300}\b(escribi(ó|o)|escribe).{0,60}:$`)},
	{[]string{"scritto"}, false, regexp.MustCompile(`(?i)^(il|in data|il giorno)\b.{3,300}\bha\s+scritto.{0,60}:$`)},
	{[]string{"escreve"}, false, regexp.MustCompile(`(?i)^(em|a)\b.{3,300}\b(escreveu|escreva).{0,60}:$`)},
	{[]string{"schreef", "geschreven"}, false, regexp.MustCompile(`(?i)^op\b.{3,300}\b(schreef|het volgende geschreven).{0,200}:$`)},
	{[]string{"skrev", "skrifa"}, false, regexp.MustCompile(`(?i)^(den|på|kl|fra|tor|fre|lör|lør|søn|sön|man|mån|tir|tis|ons)\b.{3,300}\b(skrev|skrifaði).{0,200}:$`)},
	{[]string{"kirjoitti", "yazd", "napsal", "scris", "rta", "έγραψε"}, false, regexp.MustCompile(`(?i)^.{3,300}(kirjoitti|yazdı|napsal\(a\)|napsala?|a scris|írta|έγραψε).{0,60}:$`)},
	{[]string{"пише", "писал"}, false, regexp.MustCompile(`(?i)^.{3,300}(пишет|написала?|написал\(а\)|писала?|пише)\s*:$`)},
	{[]string{"pisze", "napisa"}, false, regexp.MustCompile(`(?i)^(w dniu|dnia)\b.{3,300}(pisze|napisała?|napisał\(a\)).{0,60}:$`)},
	{[]string{"写道", "寫道", "写到"}, false, regexp.MustCompile(`^.{2,200}(写道|寫道|写到)\s*[:：]$`)},
	{[]string{"書", "記"}, false, regexp.MustCompile(`^.{1,200}(は|が)?(次のように|以下のように)?(書きました|書いた|記しました)\s*[:：。]?$`)},
	{[]string{"メッセージ", "メール", "発言"}, false, regexp.MustCompile(`^.{1,200}の(メッセージ|メール|発言)\s*[:：]$`)},
	{[]string{"@"}, true, regexp.MustCompile(`^.{0,20}\d{2,4}[年/.-]\s?\d{1,2}[月/.-]\s?\d{1,2}.{0,120}[<＜(（\[][^\s<>]+@[^\s<>]+[>＞)）\]].{0,20}[:：]$`)},
	{[]string{"さん", "様", "氏", "님"}, true, regexp.MustCompile(`^.{0,20}\d{2,4}[年/.-]\s?\d{1,2}[月/.-]\s?\d{1,2}.{0,80}(さん|様|氏|님).{0,10}[:：]$`)},
	{[]string{"님이", "께서"}, false, regexp.MustCompile(`^.{2,250}(님이|께서)\s?(다음과 같이\s?)?(작성|쓰셨습니다|썼습니다|보내셨습니다|쓴 글)\s*[:：]?$`)},
	{[]string{"작성", "씀", "썼", "보냄"}, true, regexp.MustCompile(`^\d{4}년 ?\d{1,2}월 ?\d{1,2}일.{0,250}(작성|씀|썼습니다|보냄)\s*[:：]$`)},
}

// tries is how often the patterns of attributions are tried yet. They are dear, and lines that only look like one can be
// made by the thousand.
type tries int

const attributionTries tries = 200

// attribution returns how many lines from i form an attribution: 0 (none) to 3.
func (t *tries) attribution(lines []line, i int) int {
	joined := ""
	for n := 1; n <= 3 && i+n <= len(lines); n++ {
		l := lines[i+n-1]
		if l.blank || l.quoted || len(l.text) > 300 {
			return 0
		}
		joined = strings.TrimSpace(joined + " " + strings.TrimSpace(l.text))
		if len(joined) > 500 {
			return 0
		}
		if t.isAttribution(joined) {
			return n
		}
	}
	return 0
}

func (t *tries) isAttribution(s string) bool {
	s = strings.TrimSpace(strings.Trim(strings.ReplaceAll(s, "\u00a0", " "), "*_ "))
	last, _ := utf8.DecodeLastRuneInString(s)
	switch last {
	case ':', '：', 'た', '。', '성', '다', '글':
	default:
		return false
	}
	dated := strings.ContainsAny(s, "0123456789")
	for _, a := range attributions {
		for _, word := range a.words {
			if a.dated && !dated || !strings.Contains(s, word) {
				continue
			}
			if *t--; *t < 0 {
				return false
			}
			if a.pattern.MatchString(s) {
				return true
			}
		}
	}
	return false
}

var separators = regexp.MustCompile(`(?i)^[\s>*]*[-_=–—]{2,}\s*(` +
	`original message|original appointment|forwarded message|forwarded by .{1,80}|begin forwarded message|reply message|original email|` +
	`ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht|original-nachricht|` +
	`message d'origine|message original|message transféré|mensaje original|mensaje reenviado|messaggio originale|` +
	`messaggio inoltrato|mensagem original|mensagem encaminhada|oorspronkelijk bericht|doorgestuurd bericht|` +
	`oprindelig meddelelse|opprinnelig melding|ursprungligt meddelande|wiadomość oryginalna|исходное сообщение|` +
	`пересылаемое сообщение|原始邮件|转发邮件|原始郵件|轉寄郵件|` +
	`元のメッセージ|元のメール|転送メッセージ|転送されたメッセージ|オリジナルメッセージ|original message from .{1,80}|` +
	`원본 메시지|원본 메일|원본메일|원본 메세지|전달된 메시지|전달한 메시지|original message.{0,3}` +
	`)\s*[-_=–—]{2,}\s*$`)

func isSeparator(s string) bool {
	t := strings.TrimSpace(s)
	if len(t) < 8 || len(t) > 200 {
		return false
	}
	switch t[0] {
	case '-', '_', '=', '*', 0xe2:
		return separators.MatchString(t)
	}
	return t == "Begin forwarded message:" || t == "Anfang der weitergeleiteten Nachricht:"
}

// isRule recognises a line of strokes.
func isRule(s string) bool {
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) < 5 {
		return false
	}
	for _, r := range s {
		if !strings.ContainsRune("-_=~*#+─━―ー＿＝－☆★◇◆■□●○・…‥｡.◎※*＊／/\\|:+", r) && r != ' ' {
			return false
		}
	}
	return true
}

// labels of the header block that Outlook, Thunderbird and others put above an unmarked quotation.
var labels = func() map[string]byte {
	m := map[string]byte{}
	for class, words := range map[byte]string{
		'f': "from|von|de|da|van|fra|från|od|от|отправитель|от кого|差出人|送信者|from（差出人）|발신|보낸 사람|보낸사람|보낸이|발신자|发件人|寄件者|寄件人|lähettäjä|kimden|feladó|remitente",
		'd': "sent|date|gesendet|datum|envoyé|enviado|enviado el|enviada em|inviato|data|verzonden|sendt|skickat|wysłano|отправлено|дата|fecha|送信日時|日時|送信日|日付|보낸 날짜|보낸날짜|날짜|발신일|보낸시간|发送时间|发送日期|日期|寄件日期|傳送時間|lähetetty|tarih",
		't': "to|an|à|para|a|aan|til|till|do|кому|宛先|受信者|to（宛先）|받는 사람|받는사람|받는이|수신|수신자|收件人|收件者|vastaanottaja|kime|destinataire",
		'c': "cc|kopie|cópia|copia|kopi|копия|ｃｃ|참조|抄送|副本",
		's': "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|emne|ämne|temat|тема|件名|표제|제목|主题|主旨|標題|aihe|konu|tárgy|sujet",
	} {
		for _, word := range strings.Split(words, "|") {
			m[word] = class
		}
	}
	return m
}()

// label gives the class of a "From:"-like line, or 0.
func label(s string) byte {
	s = strings.TrimLeft(s, " \t*\u00a0\u3000|")
	colon := strings.IndexAny(s, ":：")
	if colon <= 0 || colon > 60 {
		return 0
	}
	word := strings.ToLower(strings.TrimFunc(s[:colon], func(r rune) bool {
		return unicode.IsSpace(r) || r == '*' || r == '_'
	}))
	return labels[word]
}

// labelOf looks at each line once: blocks overlap.
func labelOf(lines []line, i int) byte {
	l := &lines[i]
	if !l.looked {
		l.looked, l.class = true, label(l.text)
	}
	return l.class
}

// isHeaderBlock says whether a header block of at least three different labels starts at line i with the sender, the
// date or the subject.
func isHeaderBlock(lines []line, i int) bool {
	first := labelOf(lines, i)
	if first == 0 || first == 'c' || first == 't' {
		return false
	}
	seen := map[byte]bool{first: true}
	odd := 0
	for j := i + 1; j < len(lines) && j <= i+12 && odd <= 2; j++ {
		if lines[j].blank {
			odd++
			continue
		}
		if class := labelOf(lines, j); class != 0 {
			seen[class] = true
			odd = 0
			continue
		}
		odd++ // a folded list of recipients
	}
	return seen['f'] && len(seen) >= 3
}

var mobileSignature = regexp.MustCompile(`(?i)^[\s>]*(` +
	`sent (from|via|with) .{2,60}|get outlook for .{2,60}|sent from mail for windows.{0,20}|` +
	`von mein(em|er) .{2,40} gesendet|gesendet von .{2,60}|diese nachricht wurde von .{2,60} gesendet\.?|` +
	`envoyé (de|depuis) .{2,60}|enviado (desde|do|via) .{2,60}|inviato d(a|al) .{2,60}|verzonden vanaf .{2,60}|` +
	`skickat från .{2,40}|sendt fra .{2,40}|отправлено (с|из) .{2,60}|wysłane z .{2,60}|` +
	`.{2,40}から送信(されました)?。?|.{2,40}(에서|로) (보냄|보냈습니다\.?)|나의 .{2,30}에서 보냄|发自我的.{2,40}|從我的.{2,40}傳送|` +
	`発信元[:：].{2,40}|outlook for .{2,20}を(入手|取得).{0,5}` +
	`)\s*$`)

// signature finds the tail of the lines that is a signature: after "-- " (RFC 3676 §4.3), the line of a telephone, or
// a block drawn with rules as is the custom in Japan.
func signature(lines []line) (Range, bool) {
	end := len(lines)
	for end > 0 && lines[end-1].blank {
		end--
	}
	if end == 0 {
		return Range{}, false
	}
	last := lines[len(lines)-1].next
	from := end
	for i := end - 1; i >= 0 && i >= end-25; i-- {
		t := lines[i].text
		if t == "-- " || t == "--" || t == "—" || t == "--\u00a0" {
			from = i
		}
	}
	if from == end {
		from = drawnBlock(lines, end)
	}
	for i, n := end-1, 0; i >= 0 && n < 3; i-- {
		if lines[i].blank {
			continue
		}
		n++
		if len(lines[i].text) < 120 && mobileSignature.MatchString(lines[i].text) {
			from = min(from, i)
		}
	}
	if from == end {
		from = afterValediction(lines, end)
	}
	if from == end || from == 0 {
		return Range{}, false
	}
	return Range{int(lines[from].start), int(last)}, true
}

var contact = regexp.MustCompile(`(?i)(@|\btel\b|\bfax\b|\bphone\b|https?://|www\.|〒|電話|ＴＥＬ|携帯|전화|휴대폰|株式会社|有限会社|주식회사)`)

// drawnBlock finds a block of at most twelve lines at the end that starts with a rule and holds contact data.
func drawnBlock(lines []line, end int) int {
	for i := end - 2; i >= 0 && i >= end-13; i-- {
		if !isRule(lines[i].text) || utf8.RuneCountInString(strings.TrimSpace(lines[i].text)) < 8 {
			continue
		}
		if i == 0 || i > 0 && isRule(lines[i-1].text) {
			continue
		}
		for _, l := range lines[i+1 : end] {
			if contact.MatchString(l.text) {
				return drawnAbove(lines, i, end)
			}
		}
	}
	return end
}

// drawnAbove takes the rule above as the start if the one found is the lower edge of a frame.
func drawnAbove(lines []line, i, end int) int {
	for j := i - 1; j >= 0 && j >= end-13; j-- {
		if lines[j].blank {
			return i
		}
		if isRule(lines[j].text) && utf8.RuneCountInString(strings.TrimSpace(lines[j].text)) >= 8 && j > 0 {
			return j
		}
	}
	return i
}

// startsQuote recognises the element with which a mailer begins its quotation.
func startsQuote(tag atom.Atom, attrs map[string]string) bool {
	if attrs == nil {
		return false
	}
	if tag == atom.Blockquote && strings.EqualFold(attrs["type"], "cite") {
		return true
	}
	switch strings.TrimPrefix(attrs["id"], "x_") {
	case "divRplyFwdMsg", "appendonsend", "OLK_SRC_BODY_SECTION", "mail-editor-reference-message-container",
		"reply-intro", "replySplit", "isForwardContent", "isReplyContent":
		return true
	}
	for _, class := range strings.Fields(attrs["class"]) {
		switch strings.TrimPrefix(class, "x_") {
		case "gmail_quote", "gmail_attr", "yahoo_quoted", "protonmail_quote", "moz-cite-prefix", "zmail_extra",
			"OutlookMessageHeader", "ms-outlook-mobile-reference-message", "moz-forward-container", "tutanota_quote",
			"gmail_quote_container", "quoted-message", "wysiwyg-quote":
			return true
		}
	}
	return false
}
