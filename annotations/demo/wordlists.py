"""Names, streets and numbers for invented people."""


def _cut(mark: str, text: str) -> tuple[str, ...]:
    return tuple(text.split(mark))


FIRST_NAMES = _cut(
    " ",
    "maria james linda robert patricia michael jennifer david susan william karen "
    "carlos nancy daniel lisa kevin betty jorge sandra brian ashley thomas donna "
    "steven carol anthony ruth jose sharon eric angela keisha wei priya omar fatima "
    "dmitri aisha tyrone guadalupe",
)
LAST_NAMES = _cut(
    " ",
    "smith johnson garcia brown miller davis rodriguez martinez hernandez lopez wilson "
    "anderson thomas taylor moore jackson martin lee perez thompson white harris clark "
    "lewis robinson walker young allen king wright scott torres nguyen hill flores "
    "green adams nelson baker patel",
)
STREETS = _cut(
    "|",
    "oak street|maple avenue|washington boulevard|lakeview drive|second street|"
    "cedar lane|park avenue|hillcrest road|sunset drive|church street|river road|"
    "lincoln avenue|pine court|highland terrace|meadow lane",
)
WIFI_NAMES = _cut(
    "|",
    "smith family|the batcave|home sweet home|green house|upstairs|lopez home|"
    "coffee corner|blue door|sunny side|game room",
)
MONTHS = _cut(
    " ",
    "january february march april may june july august september october november "
    "december",
)
WEEKDAYS = _cut(" ", "monday tuesday wednesday thursday friday saturday sunday")
AREA_CODES = ("212", "303", "404", "512", "617", "702", "813", "919", "206", "314")
# The networks' published test numbers: no card has one of them.
TEST_CARDS = (
    "4111111111111111",
    "4242424242424242",
    "5555555555554444",
    "5105105105105100",
    "4012888888881881",
    "6011111111111117",
)
