"""Common words and groups of letters for the hash embedder: how much each counts, in eighths.

Made by `python -m benchmarks.hash_words`, which says from what, with Python 3.11.  Not to be edited.
"""

from __future__ import annotations

RARE = 8  # whatever is not listed

_BY_WORD = (
    # 1
    "and in is of the to",
    # 2
    "an are as be for if or that",
    # 3
    "by can class it method not object this value when with",
    # 4
    "all also any at attribute built called defined exception expression from function instance its list may module "
    "name objects on one only python return same see sequence should statement string type used which will",
    # 5
    "argument arguments assignment but call classes clause code default definition dict dictionary does example "
    "except executed false first following given has have implement implementation items key methods must names new "
    "no none note other otherwise raised result section set special such support syntax than then there these they "
    "true types using values version",
    # 6
    "access after always assigned attributes base before behavior being block body both bound case changed character "
    "characters comparison containing contains context continue corresponding created current def define defines "
    "different do each either else empty end equal evaluated execution expressions finally form format found "
    "functions get getitem global identifier import index instances instead integer interpreter into item keys "
    "keyword last left length like line local mapping more most mutable namespace non number numbers numeric occurs "
    "operation operations operator order passed pattern pep positional present print raise raises range reference "
    "returned returns right self sequences single so some specified standard str strings suite target their those "
    "traceback try tuple two typeerror use variable variables was where while within without you",
    # 7
    "abc add additional allowed allows annotations another appropriate arbitrary assignments async available await "
    "because been below between binding break bytes calls cannot clauses collections command common compare "
    "considered contain converted copy cpython create custom data debugger del described descriptor detail details "
    "directly during elements equivalent error evaluate evaluation even examples exceptions execute exit explicitly "
    "file formatting frame future getattr group handled handler hash how however immutable implemented including "
    "information int integers invoked iterable iteration iterator itself least len less level lists literal literals "
    "loop match matches matching meaning means metaclass multiple negative nested next normal obj once operators "
    "optional original over override parameter parameters part patterns point possible program provide rather "
    "references represent required rules runtime scope setting similar slice slicing slots space specification stack "
    "start statements step stmt stored subclass subject sys test them three through time treated unicode unless "
    "until up user uses valid via way were whose would yield yields zero",
)

_BY_LETTERS = (
    # 1
    "<in <th <the ed> he> ion the the>",
    # 2
    "<an <is <is> ent es> in> ing ing> ion> is> nd> ng> on> or> tio tion",
    # 3
    "<and <be <co <de <ex <fo <for <in> <of <of> <re <to <to> an> and and> er> for le> men ment nt> of> re> to>",
    # 4
    "<ar <as <be> <ca <if <if> <it <no <or <se <st <tha <wh <wi al> all are are> as> ass at> ate ati be> ce> cti ect "
    "en> ent> for> if> ly> not ns> res se> sta ted ted> ter tha ts>",
    # 5
    "<al <an> <are <as> <by <cl <cla <con <def <ma <me <not <ob <obj <on <or> <pr <su <us <va <wit alu ame atio bje "
    "bjec ble cal cla con ct> ctio def ect> eme emen era hat hat> her ine int it> ith jec ject las ll> me> met nce "
    "nce> ne> not> obj obje ons ot> ple pre ret sed sed> ss> st> tat te> tem th> that thi tho tri ue> use val valu "
    "wit with",
    # 6
    "<at <by> <cal <can <com <di <fu <ha <im <ins <it> <li <met <mo <ne <pa <ret <sta <thi <tr <ty <typ <use <val "
    "<whe abl able alue ame> arg ass> att ble> but by> call can ch> clas com defi efi efin enc ere ers ess eth etho "
    "etu etur fin hen hen> his his> hod imp ins ions ite ith> lass lue meth mpl mple ned ned> nta nte ons> ont per "
    "pres rat retu rin rn> rs> ry> sio sion ssi str tan ther this thod tin tur turn typ type unc urn ute ver whe ype",
    # 7
    "<all <arg <bu <do <exc <exp <fi <fr <fun <imp <int <le <mu <na <nam <op <pro <ra <sp <str <un <whi ain all> als "
    "anc ance ari ary ary> ated ay> can> cep cept ces cha cont de> dic din ding ds> eci ence ents ept equ erat ers> "
    "ese essi et> exc exce exp fine fun func han her> hod> ict ide impl ined ini inst iona ise ist iti ld> led led> "
    "lem leme les lle low lt> lue> mat nal nam name nct ncti nst nti nts nts> od> om> ona one one> ope oper orm oth "
    "par pe> pec pro pti ptio rea ren rib ring ses ses> sin sing spe spec stan stat stri tai tate ter> tes ting tor "
    "ult ume umen unct urn> ve> when whi xce xcep",
)

WORDS = {word.encode(): weight for weight, line in enumerate(_BY_WORD, 1) for word in line.split()}
LETTERS = {group.encode(): weight for weight, line in enumerate(_BY_LETTERS, 1) for group in line.split()}
