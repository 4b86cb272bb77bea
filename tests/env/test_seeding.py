from av_td3.env.seeding import town_option

TOWNS = ["Suburb01", "Ring01"]


def test_the_town_of_an_episode_follows_from_seed_and_number():
    drawn = [town_option(TOWNS, 3, number) for number in range(40)]
    assert drawn == [town_option(TOWNS, 3, number) for number in range(40)]
    assert {one["town"] for one in drawn} == set(TOWNS)
    assert drawn != [town_option(TOWNS, 4, number) for number in range(40)]


def test_without_a_choice_there_is_no_option():
    assert town_option([], 0, 0) == town_option(["Ring01"], 0, 0) == {}
