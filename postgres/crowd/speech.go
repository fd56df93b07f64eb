package crowd

import (
	"math/rand/v2"
	"strings"
)

// speech makes sentences whose words are as unevenly common as in life (Zipf): a few are everywhere, most are rare.
type speech struct {
	r       *rand.Rand
	english []string
	nouns   []string
	zipfEn  *rand.Zipf
	zipfJa  *rand.Zipf
}

const (
	vocabulary = 20000 // English words
	compounds  = 8000  // Japanese ones
)

var (
	known = strings.Fields(`the to and a is it of in that for on we you not have with my please can when this from after
		printer order invoice account login password error delivery address customer problem screen update payment
		refund question message computer network server contract monthly device cannot change cancel receive again
		yesterday morning office support number product service request document meeting license install broken
		paper cable battery display warranty replacement shipment package return credit card statement balance`)
	jaKnown = strings.Fields(`お客様 請求書 プリンター 注文 配送 返品 交換 電源 画面 修理 契約 更新 解約 支払い 領収書 見積書 納期 在庫 保証
		住所 変更 パスワード ログイン エラー 接続 ネットワーク アカウント メール 電話 担当者 会社 製品 部品 用紙 不具合 故障 問い合わせ 確認 連絡 商品`)
	endings  = []string{"についてご確認をお願いいたします。", "が届いておりません。", "が動きません。", "を変更したいです。", "の手続きを教えてください。", "を再度お送りください。", "で困っております。", "はいつ頃になりますか。"}
	joints   = []string{"の", "と", "に関する", "および", "で"}
	kanji    = []rune("日月火水木金土山川田中大小上下左右東西南北新旧高低長短内外前後本文字書読話言語学校生先社会国家地図道路駅車電気光音色形数量重軽強弱明暗開閉出入売買貸借送受配達品物価値金銀銅鉄石油紙布糸衣食住家具机椅子窓門戸庭花草木林森海湖池空雲雨雪風熱冷温度計測定規制度法律権利義務責任保険契約")
	syllable = strings.Fields("ba be bi bo bu da de di do ka ke ki ko ku la le li lo lu ma me mi mo na ne ni no ra re ri ro sa se si so ta te ti to tu va ve vi za ze ton ler man ster ing and est")
	surnames = strings.Fields("佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 林 斎藤 清水 Smith Jones Brown Taylor Wilson Evans Walker Wright Green Hall")
	given    = strings.Fields("太郎 花子 一郎 陽子 健 愛 誠 恵 翔 葵 Anna Ben Clara David Emma Frank Grace Henry Ivy Jack")
)

func newSpeech(seed uint64) *speech {
	r := rand.New(rand.NewPCG(seed, 1))
	s := &speech{r: r, english: append([]string{}, known...), nouns: append([]string{}, jaKnown...)}
	for len(s.english) < vocabulary {
		word := ""
		for range 2 + r.IntN(3) {
			word += syllable[r.IntN(len(syllable))]
		}
		s.english = append(s.english, word)
	}
	for len(s.nouns) < compounds {
		word := ""
		for range 2 + r.IntN(2) {
			word += string(kanji[r.IntN(len(kanji))])
		}
		s.nouns = append(s.nouns, word)
	}
	s.zipfEn = rand.NewZipf(r, 1.07, 4, uint64(len(s.english)-1))
	s.zipfJa = rand.NewZipf(r, 1.07, 4, uint64(len(s.nouns)-1))
	return s
}

func (s *speech) say(language string, words int) string {
	var b strings.Builder
	if language != "ja" {
		for i := range words {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(s.english[s.zipfEn.Uint64()])
		}
		return b.String()
	}
	for range max(1, words/6) {
		b.WriteString(s.nouns[s.zipfJa.Uint64()])
		b.WriteString(joints[s.r.IntN(len(joints))])
		b.WriteString(s.nouns[s.zipfJa.Uint64()])
		b.WriteString(endings[s.r.IntN(len(endings))])
	}
	return b.String()
}

// title is a few words.
func (s *speech) title(language string) string {
	if language != "ja" {
		return s.say(language, 3+s.r.IntN(4))
	}
	return s.nouns[s.zipfJa.Uint64()] + joints[s.r.IntN(len(joints))] + s.nouns[s.zipfJa.Uint64()] + "について"
}

func (s *speech) name() string {
	return surnames[s.r.IntN(len(surnames))] + " " + given[s.r.IntN(len(given))]
}
