package mail

import "time"

// Message is a parsed mail. All its strings are valid UTF-8 without NUL; lines end in \n.
type Message struct {
	// Header holds every header field in order, for what has no field here.
	Header Header
	// Subject is decoded, on one line, at most 998 runes, prefixes and tag included. RawSubject is the field as it
	// came.
	Subject, RawSubject string
	// From, Sender, ReplyTo, To and Cc are decoded and repaired; an entry always has an address, except that From may
	// hold a bare name.
	From, Sender, ReplyTo, To, Cc []Address
	// ReturnPath is the envelope sender written by the delivering host; NullReturnPath says that it was <>.
	ReturnPath     string
	NullReturnPath bool
	// Delivered are the envelope recipients noted by the delivering hosts (Delivered-To, X-Original-To, Envelope-To
	// and kin), newest first: here a reply token is found even if To names somebody else.
	Delivered []string
	// MessageID has no angle brackets and is empty if the mail has none: see Fingerprint. InReplyTo and References are
	// in the order of the mail.
	MessageID             string
	InReplyTo, References []string
	// Date is the zero time if the field is missing or cannot be read. It is the sender's claim.
	Date time.Time
	// Text is the whole text body; where the mail has only HTML it was made from that (TextFromHTML).
	Text         string
	TextFromHTML bool
	// HTML is the HTML body as it came, in UTF-8 and not sanitised: pass it through SanitizeHTML before showing it.
	HTML string
	// Attachments are all files, inline images and nested mails included.
	Attachments []Attachment
	// Reports are the parts that machines write for machines: message/delivery-status, message/feedback-report,
	// message/disposition-notification, text/rfc822-headers, and nested mails.
	Reports []ReportPart
	// Type is the media type of the whole mail, such as multipart/report; ReportType its report-type parameter.
	Type, ReportType string
	// Encrypted says that the body cannot be read here (S/MIME or OpenPGP).
	Encrypted bool

	// replyAt is where the quotation starts in Text according to the HTML, or -1.
	replyAt int
}

// Attachment is a file in a mail.
type Attachment struct {
	// Name is safe to show and to offer for download: no path, no control or direction characters, never empty, unique
	// within the mail.
	Name string
	// Type is the media type as claimed by the sender, in lower case.
	Type string
	Data []byte
	// ContentID has no angle brackets. ContentLocation is the other way HTML may name the part.
	ContentID, ContentLocation string
	// Inline says that the part is meant to be shown within the HTML: its id is referenced there and it is not marked
	// as attachment.
	Inline bool
}

// ReportPart is the decoded content of a part that Classify reads.
type ReportPart struct {
	Type string
	Data []byte
}

// Address is a mailbox of an address header.
type Address struct {
	// Name is decoded, in NFC, at most 255 runes; often empty.
	Name string
	// Addr is local@domain, the domain in lower case.
	Addr string
}

// Warning says that something had to be repaired, cut or left out.
type Warning struct {
	// Code is stable, for counting and for tests.
	Code WarningCode
	// Detail is for people; it holds no content of the mail.
	Detail string
}

// WarningCode names a kind of defect.
type WarningCode string

// The defects Parse repairs.
const (
	WarnUnreadable   WarningCode = "unreadable"   // no header at all: the whole is the text
	WarnTooLarge     WarningCode = "too_large"    // above Limits.Bytes
	WarnHeaderCut    WarningCode = "header_cut"   // header block beyond its limits
	WarnHeaderLine   WarningCode = "header_line"  // a header line without name
	WarnBoundary     WarningCode = "boundary"     // multipart not closed, without or with a wrong boundary
	WarnDepth        WarningCode = "depth"        // nested too deep
	WarnParts        WarningCode = "parts"        // too many parts
	WarnEncoding     WarningCode = "encoding"     // transfer encoding unknown or damaged
	WarnCharset      WarningCode = "charset"      // character set unknown, wrong or damaged
	WarnAddress      WarningCode = "address"      // an address header that gives no address
	WarnDate         WarningCode = "date"         // a date that cannot be read
	WarnMessageID    WarningCode = "message_id"   // no Message-ID
	WarnBodyCut      WarningCode = "body_cut"     // body above Limits.BodyBytes
	WarnEncrypted    WarningCode = "encrypted"    // encrypted content
	WarnPanic        WarningCode = "panic"        // a defect of ours: the mail is kept as text
	WarnTooManyItems WarningCode = "too_many_ids" // more ids or addresses than the limits
	WarnFileName     WarningCode = "file_name"    // a file name had to be made safe
	WarnLineEndings  WarningCode = "line_endings" // lines ended by bare CR
)
