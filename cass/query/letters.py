"""What the index makes of letters beyond ASCII; a table, loaded only for text that has such letters.

Read off tantivy letter by letter; a test compares the two again.
"""

from __future__ import annotations

# Each group is what `ascii_fold` writes, a space-free target followed by `=` and the small letters that become it.
_FOLDS = """
2=²₂②⓶❷➁➋２ 3=³₃③⓷❸➂➌３ 1=¹₁①⓵❶➀➊１ ss=ß a=àáâãäåāăąǎǟǡǻȁȃȧɐəɚᶏᶕḁẚạảấầẩẫậắằẳẵặₐₔⓐⱥａ ae=æǣǽᴂ c=çćĉċčƈȼɕḉↄⓒꜿｃ
e=èéêëēĕėęěǝȅȇȩɇɘɛɜɝɞʚᴈᶒᶓᶔḕḗḙḛḝẹẻẽếềểễệₑⓔⱸｅ i=ìíîïĩīĭįıǐȉȋɨᴉᵢᵼᶖḭḯỉịⁱⓘｉ d=ðďđƌȡɖɗᵭᶁᶑḋḍḏḑḓⓓꝺｄ
n=ñńņňŉŋƞǹȵɲɳᵰᶇṅṇṉṋⁿⓝｎ o=òóôõöøōŏőơǒǫǭǿȍȏȫȭȯȱɔɵᴖᴗᶗṍṏṑṓọỏốồổỗộớờởỡợₒⓞⱺꝋꝍｏ u=ùúûüũūŭůűųưǔǖǘǚǜȕȗʉᵤᶙṳṵṷṹṻụủứừửữựⓤｕ
y=ýÿŷƴȳɏʎẏẙỳỵỷỹỿⓨｙ th=þᵺꝧ g=ĝğġģǵɠɡᵷᵹᶃḡⓖꝿｇ h=ĥħȟɥɦʮʯḣḥḧḩḫẖⓗⱨⱶｈ ij=ĳ j=ĵǰȷɉɟʄʝⓙⱼｊ k=ķƙǩʞᶄḱḳḵⓚⱪꝁꝃꝅｋ q=ĸɋʠⓠꝗꝙｑ
l=ĺļľŀłƚȴɫɬɭᶅḷḹḻḽⓛⱡꝇꝉꞁｌ oe=œᴔ r=ŕŗřȑȓɍɼɽɾɿᵣᵲᵳᶉṙṛṝṟⓡꝛꞃｒ s=śŝşšſșȿʂᵴᶊṡṣṥṧṩẜẝⓢｓ t=ţťŧƫƭțȶʇʈᵵṫṭṯṱẗⓣⱦｔ
w=ŵƿʍẁẃẅẇẉẘⓦⱳｗ z=źżžƶȝȥɀʐʑᵶᶎẑẓẕⓩⱬꝣｚ b=ƀƃɓᵬᶀḃḅḇⓑｂ f=ƒᵮᶂḟẛⓕꝼｆ hv=ƕ p=ƥᵱᵽᶈṕṗⓟꝑꝓꝕꟼｐ dz=ǆǳʣʥ lj=ǉ nj=ǌ G=ǥǧɢʛ ou=ȣ
db=ȸ qp=ȹ I=ɪᵻꟾ m=ɯɰɱᵯᶆḿṁṃⓜｍ N=ɴᴎ OE=ɶ R=ʀʁᴙᴚ v=ʋʌᵥᶌṽṿⓥⱱⱴꝟｖ Y=ʏ C=ʗᴄ B=ʙᴃ H=ʜ L=ʟᴌ ts=ʦ tc=ʨ ls=ʪ lz=ʫ A=ᴀ
AE=ᴁ D=ᴅᴆ E=ᴇⱻ J=ᴊ K=ᴋ M=ᴍꟽꟿ O=ᴏᴐ OU=ᴕ P=ᴘ T=ᴛ U=ᴜᵾ V=ᴠ W=ᴡ Z=ᴢ ue=ᵫ x=ᶍẋẍₓⓧｘ ll=ỻ 0=⁰₀⓪⓿０ 4=⁴₄④⓸❹➃➍４
5=⁵₅⑤⓹❺➄➎５ 6=⁶₆⑥⓺❻➅➏６ 7=⁷₇⑦⓻❼➆➐７ 8=⁸₈⑧⓼❽➇➑８ 9=⁹₉⑨⓽❾➈➒９ 10=⑩⓾❿➉➓ 11=⑪⓫ 12=⑫⓬ 13=⑬⓭ 14=⑭⓮ 15=⑮⓯ 16=⑯⓰ 17=⑰⓱
18=⑱⓲ 19=⑲⓳ 20=⑳⓴ (1)=⑴ (2)=⑵ (3)=⑶ (4)=⑷ (5)=⑸ (6)=⑹ (7)=⑺ (8)=⑻ (9)=⑼ (10)=⑽ (11)=⑾ (12)=⑿ (13)=⒀ (14)=⒁
(15)=⒂ (16)=⒃ (17)=⒄ (18)=⒅ (19)=⒆ (20)=⒇ 1.=⒈ 2.=⒉ 3.=⒊ 4.=⒋ 5.=⒌ 6.=⒍ 7.=⒎ 8.=⒏ 9.=⒐ 10.=⒑ 11.=⒒ 12.=⒓ 13.=⒔
14.=⒕ 15.=⒖ 16.=⒗ 17.=⒘ 18.=⒙ 19.=⒚ 20.=⒛ tz=ꜩ F=ꜰꟻ S=ꜱꞅ aa=ꜳ ao=ꜵ au=ꜷ av=ꜹꜻ ay=ꜽ oo=ꝏ vy=ꝡ ff=ﬀ fi=ﬁ fl=ﬂ
ffi=ﬃ ffl=ﬄ st=ﬆ
"""

# Marks and symbols that Rust counts as alphanumeric and Python does not (vowel signs, circled letters), in hex.
_MARKS = """
345 363-36f 5b0-5bd 5bf 5c1-5c2 5c4-5c5 5c7 610-61a 64b-657 659-65f 670 6d6-6dc 6e1-6e4 6e7-6e8 6ed 711
730-73f 7a6-7b0 816-817 81b-823 825-827 829-82c 8d4-8df 8e3-8e9 8f0-903 93a-93b 93e-94c 94e-94f 955-957
962-963 981-983 9be-9c4 9c7-9c8 9cb-9cc 9d7 9e2-9e3 a01-a03 a3e-a42 a47-a48 a4b-a4c a51 a70-a71 a75 a81-a83
abe-ac5 ac7-ac9 acb-acc ae2-ae3 afa-afc b01-b03 b3e-b44 b47-b48 b4b-b4c b56-b57 b62-b63 b82 bbe-bc2 bc6-bc8
bca-bcc bd7 c00-c04 c3e-c44 c46-c48 c4a-c4c c55-c56 c62-c63 c81-c83 cbe-cc4 cc6-cc8 cca-ccc cd5-cd6 ce2-ce3
d00-d03 d3e-d44 d46-d48 d4a-d4c d57 d62-d63 d81-d83 dcf-dd4 dd6 dd8-ddf df2-df3 e31 e34-e3a e4d eb1 eb4-eb9
ebb-ebc ecd f71-f83 f8d-f97 f99-fbc 102b-1036 1038 103b-103e 1056-1059 105e-1060 1062-1064 1067-106d 1071-1074
1082-108d 108f 109a-109d 1712-1713 1732-1733 1752-1753 1772-1773 17b6-17c8 1885-1886 18a9 1920-192b 1930-1938
1a17-1a1b 1a55-1a5e 1a61-1a74 1abf-1ac0 1acc-1ace 1b00-1b04 1b35-1b43 1b80-1b82 1ba1-1ba9 1bac-1bad 1be7-1bf1
1c24-1c36 1dd3-1df4 24b6-24e9 2de0-2dff a674-a67b a69e-a69f a802 a80b a823-a827 a880-a881 a8b4-a8c3 a8c5 a8ff
a926-a92a a947-a952 a980-a983 a9b4-a9bf a9e5 aa29-aa36 aa43 aa4c-aa4d aa7b-aa7d aab0 aab2-aab4 aab7-aab8 aabe
aaeb-aaef aaf5 abe3-abea fb1e
"""


def _folds() -> dict[str, str]:
    groups = (group.split("=", 1) for group in _FOLDS.split())
    return {letter: target for target, letters in groups for letter in letters}


def _marks() -> frozenset[str]:
    ends = (item.partition("-") for item in _MARKS.split())
    return frozenset(chr(code) for low, _, high in ends for code in range(int(low, 16), int(high or low, 16) + 1))


# What the index writes for a small letter; the text may become longer (æ is ae).
FOLDS = _folds()
# The same where one letter becomes one letter, so that offsets hold.
EVEN_FOLDS = {"İ": "i"} | {letter: target.lower() for letter, target in FOLDS.items() if len(target) == 1}
MARKS = _marks()
