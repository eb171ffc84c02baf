"""Surface pools: names and words that carry no meaning for the contract."""

from __future__ import annotations


def _split(words: str) -> tuple[str, ...]:
    return tuple(words.split())


FIRST_NAMES = _split(
    "Ada Alan Amir Anna Arun Bela Boris Carla Chen Clara Dana David Dora Elena Emil Erik Fatima Felix Grace Hana Hugo "
    "Ida Igor Ines Ivan Jana Jonas Kai Karin Kofi Lena Leo Lin Louis Maja Marco Maria Mei Milan Mina Nadia Nils Nora "
    "Olga Omar Oscar Paula Petra Pia Rafael Rania Rosa Samir Sara Simon Sofia Tara Theo Tomas Vera Viktor Wanda Yara "
    "Zoe"
)
SYLLABLES = _split(
    "bel bor bran cal cor dal dan dor el fal fen gal gar hal har hol jar kal kar kel lan lar len lin lor mal mar mel "
    "mir mor nal nar nel nor ol or pal par pel ran rel ren rin ros sal sar sel sol tal tan tar tel ter tol val van "
    "var vel ver vin vor wel win zan zel"
)
WORDS = _split(
    "anchor apple arrow basket beacon bell blanket bottle bridge brush bucket button cable camera candle carpet "
    "castle chair circle clock cloud coin compass cotton crystal desk diamond door drum engine feather fence field "
    "flag flute forest fountain garden gate glass glove hammer harbor helmet hill horn island jacket kettle key kite "
    "ladder lamp lantern leaf lemon letter magnet map marble meadow mirror mountain needle oar orange paddle paper "
    "pebble pencil piano pillow planet plate pocket pond pumpkin quilt rabbit ribbon river rocket rope saddle sail "
    "school shadow shell ship silver spoon star stone table tent thread ticket tower train tunnel umbrella valley "
    "violin wagon wheel window"
)
COLOURS = ("amber", "black", "blue", "bronze", "green", "grey", "orange", "pink", "purple", "red", "white", "yellow")
PRODUCTS = _split(
    "notebook stapler printer monitor keyboard headset webcam router charger projector scanner tripod speaker tablet "
    "calculator whiteboard shredder microphone lamp fan"
)
CAPITALS = (
    ("Austria", "Vienna"),
    ("Belgium", "Brussels"),
    ("Canada", "Ottawa"),
    ("Chile", "Santiago"),
    ("China", "Beijing"),
    ("Cuba", "Havana"),
    ("Denmark", "Copenhagen"),
    ("Egypt", "Cairo"),
    ("England", "London"),
    ("Finland", "Helsinki"),
    ("France", "Paris"),
    ("Germany", "Berlin"),
    ("Greece", "Athens"),
    ("Hungary", "Budapest"),
    ("Ireland", "Dublin"),
    ("Italy", "Rome"),
    ("Japan", "Tokyo"),
    ("Kenya", "Nairobi"),
    ("Norway", "Oslo"),
    ("Peru", "Lima"),
    ("Poland", "Warsaw"),
    ("Portugal", "Lisbon"),
    ("Russia", "Moscow"),
    ("Spain", "Madrid"),
    ("Sweden", "Stockholm"),
    ("Thailand", "Bangkok"),
)
CURRENCIES = ("EUR", "USD", "GBP", "JPY", "CHF", "SEK", "NOK", "INR", "BRL", "CAD")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
