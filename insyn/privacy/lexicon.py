"""Words that names are told from: common first names, surnames that are also words, function words, organisations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from threading import Lock

from simplemma.strategies.dictionaries import DefaultDictionaryFactory


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FIRST_NAMES = _words("""
    adam adrian ahmad ahmed aisha albin aleksander alexander alexandra alfred ali alice alicia alma alva alvar alvin amanda
    amina amir amira anders andré andrea andreas andrej anette angelica anita anja ann anna anna-karin anna-lena anna-maria
    anneli annelie annette annie annika ann-britt ann-christin ann-marie ann-sofie anton antonia arne aron arthur arvid
    aslan astrid august axel ayla azra barbro bassam beatrice bengt benjamin berit bernt bertil bill birger birgit birgitta
    birgit bo bodil boel boris britt britta britt-marie bror björn börje camilla carin carina carl carl-johan carola
    caroline catarina catharina cecilia charlie charlotte christel christer christian christina christoffer claes clara
    claudia connie conny cornelia dag dagmar daniel daniela daniella david dennis diana doris ebba ebbe eddie edit edith
    edvin einar elena eleonora elias elin elina elis elisabet elisabeth ella ellen ellinor elliot elsa elsie elvira emanuel
    emelie emil emilia emilie emma emmy emre enok erik erica erika erland ernst esbjörn ester eva eva-lena evelina evelyn
    fabian fadi fanny farah farid fatemeh fatima fatma felicia felix filip filippa folke frans fredrik fredrika frida
    fritz gabriel gabriella georg gerd gerda gertrud gisela gittan greta gudrun gun gunborg gunilla gunn gunnar gunnel
    gustaf gustav göran gösta göte hamid hamza hanna hannah hans harald harry hasan hassan hedda hedvig heidi helen helena
    helene helge helmer henning henric henrik henry hilda hilma hjalmar holger hugo hussein håkan ibrahim ida ina inga
    ingegerd ingela ingemar inger ingmar ingrid ingvar irene iris irma isa isabel isabell isabella isabelle isak ivan ivar
    jack jacob jakob jalal jamal jan jane jan-erik jan-olof janne jannike jasmin jasmine javier jean jeanette jennie
    jennifer jenny jens jerker jesper jessica jim jimmy joakim joel johan johanna john johnny jon jonas jonatan jonathan
    jonna jonny josef josefin josefina josefine joseph julia julian juliana julius jörgen kaj kajsa kalle kamal karin karim
    karl karl-erik karolina kasper katarina kate katja katrin kenneth kent kenny kerstin kevin khaled kicki kim kjell klara
    klas knut konrad krister kristian kristin kristina kristoffer kurt lage lars lars-erik lars-göran lasse laura leif leila
    lena lennart leo leon leonard liam lill lilian lillian lilly lina linda linn linnea linnéa linus lisa lisbeth liselott
    liselotte liv livia loke lotta lottie louise love lovisa lova lucas lucia ludvig luka lukas maja maj-britt magdalena
    magnhild magnus mahmoud malin malte malva manfred mansour marcus margareta margaretha margit margot maria mariam
    mariana marianne marie marika marina mario marita markus marta martin martina mary maryam mathias mathilda matilda
    mats matteo matthias mattias maud max maximilian melanie melissa melker melvin mia micael michael michaela mikael
    mikaela mikaila milan milla milo milton mimmi minna mira miranda miriam moa mohamad mohamed mohammad mohammed mohamud
    mona monica monika morgan mostafa muhammad mustafa märta måns mårten nadia nadja nanna natalia natalie natasha nellie
    nelly nicklas niclas nicole niklas nikolaus nils nils-erik nina noa noah nora nour ola olga olivia olle olof oliver
    omar omid orvar oscar oskar osman otto ove patric patricia patrick patrik paul paula paulina pelle per per-erik
    pernilla per-olof peter petra petronella petter philip pia pierre pontus rachel ragnar ragnhild rahel ralf ramona
    rana rania rasmus rebecca rebecka reza richard rickard rikard rita robert robin roger roland rolf ronja ronny rosita
    roy ruben rune rut ruth saga said salma sam samir samira samuel sandra sanna sara sarah sebastian selma sergej signe
    sigrid sigurd sigvard simon simone siri siv sixten sofi sofia sofie solveig sonia sonja sophia sophie stefan stellan
    sten stig stina sture sune susan susanna susanne svante sven svenne svetlana sylvia synnöve sören tage tarek tariq
    teodor terese teresa theo theodor theresa therese thomas thor thorbjörn thore tilda tilde tim timmy tina tobias tom
    tomas tommy tony tor torbjörn tord tore torgny torkel torsten tove truls tuva tyra tyko ulf ulla ulla-britt ulrica
    ulrik ulrika urban ursula valdemar valentina valter vanessa vendela vera veronica veronika victor victoria vidar
    viggo viktor viktoria vilgot vilhelm ville vilma vincent viola viveca vivianne waldemar walter wilhelm wilhelmina
    william wilma yasmin yasmine ylva yngve yusuf yvonne zahra zainab zeinab zlatan zoe åke åsa östen örjan
    ana carlos elizabeth emily george james jose juan kari kirsten lise maciej magda marek mette michal morten ole
    olav pawel pedro piotr rasmus rikke robert sanne søren svein tomasz wei xin yuki
""")

# Surnames that are ordinary Swedish or English words when written small.
SURNAMES = _words("""
    ahl ahlm ahlberg alm almgren ask aspen asp bark berg berger berggren bergman björk björkman black blad blix blom
    bodin boman borg brandt brask brodd brolin brown bror brun bruun bäck bäckman carter cook dahl dal dalman damm ek
    ekman eld ekberg ekdal falk fasth fast fisk fischer flink flod fors forsman frank fredman frid frisk fritz frost fura
    fält gadd glad glans glas grahn gran grankvist green greger gren grip gräns gyllen hag hagel hagman hall hallberg ham
    hammar hammer hane harr hassel hed hedman hell hielm hill hjelm hjort holm holmberg hult humble hägg häger hök iver
    jarl jernberg jung junker järn kihl king kjellberg klang klar klint klock kling knif kock krans kron kronberg krook
    kruse kulle kvarn kvist kämpe lager lake lantz lee lejon lilja lind lindberg linden ljung lo lod lord lund lundgren
    lundberg lundin lustig lång löf lönn löv malm malmberg man mark marklund mars mattsson miller modig moberg mo mård
    möller nord nordin norén norling norman nyberg nygård nyman näs oak olin orre palm pil pettersson pihl plym pålsson
    quist ram rapp rask ren rehn ring ros rosen rosenberg rot rubin rudd rundqvist ryd rydberg rydman råberg rön sand
    sandberg sax setter silver sjö sjöberg skans skarp skog skoglund skott sköld small smith snygg sol sommar sparre
    stark sten stenberg stenman stig stjerna stolpe storm strand strid strand stran ström stål sund sundberg svan svanberg
    svedberg svensk svärd säll söder taylor tapper thor thun tham torn torp trygg tun tång uggla ulv vall vallin varg
    vik vinge vinter wahl walker wall wester west white wik winter wood wren wright young åberg åkerman åkesson åman åström
    älg äng ängman ärlig öberg öman örn öst österberg östman
""")

PARTICLES = _words("""
    von van af av de del della den der di do dos da du la le les el al bin ben bint ibn abu abd ter ten zu zum zur
    st san santa mac mc
""")

# Words that end a name or are never one, in Swedish, English and the neighbouring languages.
STOP = _words("""
    och eller men samt att som för från på i in ut upp ner med utan om till vid av hos mot mellan under över efter före
    innan sedan sen då när där här hit dit var vart vad vem vilka vilken vilket varför hur är var varit vara blir blev
    bli har hade haft ha kan kunde ska skall skulle vill ville velat måste bör får fick låt gör göra gjorde jag du han
    hon hen den det de vi ni man dem dom mig mej dig dej sig sej oss er ert era mitt min mina ditt din dina sin sitt sina
    vår vårt våra hans hennes deras denna detta dessa ett en inte ej icke aldrig alltid bara också även ju väl nog
    kanske redan nu numera tack snälla hej hejsan hallå tjena tja ja nej jo japp jajamän nja nä nope ok okej okey visst
    absolut javisst precis sökte söker jobbar jobbade arbetar arbetade bor bodde undrar undrade önskar önskade begär behöver
    heter hette kallas skriver skrev mejlar ringer ringde hör kontaktar vet tycker tror känner fått skickar skickade
    radera ta bort begära vänligen hälsningar hälsning hälsar mvh vh vänliga bästa mejl mail epost e-post e-mail email
    tel telefon mobil telefonnummer personnummer pnr nummer adress namn förnamn efternamn namnet kund kontaktperson
    född ålder anställd tidigare alltså eftersom därför medan fast dock sådan samma annan andra alla allt allting något
    någon några ingen inget inga så lite mycket mer mest igen tillbaka
    the a and or but with from to of on in at is are was were be been am i you she it we they my your his her our
    their this that these those what which who why how when where not no yes please thanks thank hello hi hey want would
    like could can will shall should does did have has had for by as if about me us them name mail phone
    og jeg eller ikke hvad hva hvorfor hvordan hvem fra til er har vil kan skal med på min mit mitt dine
""")

# Things with capital letters that are no person; a run of capitalised words is cut at them.
ORGANISATIONS = _words("""
    kontek konteks visma vismas google analytics googles microsoft azure office outlook teams excel word facebook meta
    instagram linkedin twitter youtube tiktok snapchat whatsapp messenger mailchimp hubspot salesforce zendesk gmail
    hotmail chrome safari firefox edge explorer android iphone ipad mac windows apple amazon aws cloud web services
    swish klarna bankid freja kivra fortnox hogia crona agda flex bluegarden accounting insyn rasa openai chatgpt
    copilot skatteverket skatteverkets försäkringskassan försäkringskassans arbetsförmedlingen bolagsverket polisen
    pensionsmyndigheten kronofogden migrationsverket csn integritetsskyddsmyndigheten integritetsskyddsmyndighetens
    datainspektionen datatilsynet konsumentverket allmänna reklamationsnämnden diskrimineringsombudsmannen
    dataskyddsförordningen dataskyddslagen personuppgiftslagen personuppgiftspolicy personuppgiftsbiträde
    personuppgiftsbiträdesavtal personuppgiftsansvarig dataskyddsombud dataskyddsombudet integritetspolicy
    personuppgiftsincident registerutdrag lönespec lönespecar nyhetsbrevet riksdagen regeringen europa europeiska unionen
    eu ees usa sverige sveriges norge danmark finland island tyskland irland polen indien kina storbritannien england
    norden skandinavien stockholm stockholms göteborg göteborgs malmö ljungby ljungbys växjö uppsala lund linköping
    jönköping helsingborg halmstad kalmar kronoberg kronobergs småland västerås örebro oslo köpenhamn helsingfors
    european union united states kingdom ireland america europe sweden norway denmark data protection privacy officer
    gdpr imy pul dpo dpa it hr
    januari februari mars april maj juni juli augusti september oktober november december måndag tisdag onsdag torsdag
    fredag lördag söndag january february march june july august october monday tuesday wednesday thursday friday
    saturday sunday jul påsk midsommar svenska engelska norska danska swedish english
""")

# A run that holds one of these names an organisation.
ORGANISATION_MARKS = _words("""
    ab hb kb aktiebolag kommun region landsting universitet högskola bank group gruppen holding stiftelse förbund
    förening församling ltd inc llc gmbh oy as asa aps bv corp corporation company
""")

# What people say in a dialogue; with capitals it is still no name.
DIALOGUE = STOP | _words("""
    avbryt sluta stopp hoppa vänta backa börja om hjälp meny start ångra tack visst vill hemligt anonym inget spelar roll
    stämmer fel rätt korrekt skicka människa person handläggare cancel stop help skip wait nothing
""")


_loading = Lock()


@lru_cache(maxsize=1)
def _dictionaries() -> tuple[Mapping[str, str], Mapping[str, str]]:
    factory = DefaultDictionaryFactory()
    return factory.get_dictionary("sv"), factory.get_dictionary("en")


def load() -> None:
    """Loads the dictionaries (about a second) ahead of the first name that needs them; two who ask at once wait for one."""
    with _loading:
        _dictionaries()


def is_word(lowered: str) -> bool:
    """Whether `lowered` is an ordinary Swedish or English word when written small.

    `simplemma.is_known` also says yes to proper names ("svensson"), so the dictionaries are asked for the small form.
    The first call loads them, unless `load` has.
    """
    swedish, english = _dictionaries()
    return lowered in swedish or (lowered in english and lowered not in FIRST_NAMES)


def is_ordinary(lowered: str) -> bool:
    """A word that is not also a common name."""
    return lowered not in FIRST_NAMES and lowered not in SURNAMES and is_word(lowered)
