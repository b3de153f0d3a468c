"""Descriptions of the fictional reports by category; ``{n}`` is an area in square metres."""

from __future__ import annotations

from typing import Final

MARK: Final = "【示例】"
TEXTS: Final[dict[str, tuple[str, ...]]] = {
    "livestock_farm": (
        "{near}村外新建养猪场一处，约{n}平方米，粪水直排沟渠，未见用地手续。",
        "{near}有人在林边搭建羊舍约{n}平方米，群众反映气味大。",
        "{near}鸡舍扩建约{n}平方米，疑似占用耕地。",
    ),
    "rural_dwelling": (
        "{near}村民在承包地上建房，已起一层，约{n}平方米。",
        "{near}一户批少占多，超出批准面积约{n}平方米。",
        "{near}村口新建住宅约{n}平方米，未见宅基地批准书。",
    ),
    "rural_building": (
        "{near}村旁新建彩钢厂房约{n}平方米，未见乡村建设规划许可。",
        "{near}农田里搭建仓库约{n}平方米，地面已硬化。",
        "{near}合作社院内加建冷库约{n}平方米，手续不明。",
    ),
    "urban_building": (
        "{near}某小区楼顶加建约{n}平方米。",
        "{near}临街门面向外搭建约{n}平方米，占压人行道。",
        "{near}院内私搭二层板房约{n}平方米。",
    ),
    "quarrying": (
        "{near}山坡夜间有机械挖土，坑口约{n}平方米。",
        "{near}河滩有车辆采砂，已挖约{n}平方米。",
        "{near}后山采石，植被破坏约{n}平方米。",
    ),
    "land_clearing": (
        "{near}林地被推平约{n}平方米，准备种植。",
        "{near}灌木被砍伐焚烧约{n}平方米，现场有烟。",
        "{near}山坡毁草开垦约{n}平方米。",
    ),
    "dumping": (
        "{near}路边倾倒建筑垃圾约{n}平方米。",
        "{near}沟里倒有煤矸石，约{n}平方米，未遮盖。",
        "{near}村外空地堆放生活垃圾约{n}平方米。",
    ),
    "tomb": (
        "{near}山坡新修水泥墓，占地约{n}平方米。",
        "{near}耕地中间建坟，占地约{n}平方米。",
    ),
    "orchard_pond": (
        "{near}水浇地上挖鱼塘约{n}平方米。",
        "{near}耕地改种果树约{n}平方米，疑似基本农田。",
    ),
    "polluting_project": (
        "{near}小型洗煤场露天作业约{n}平方米，扬尘大。",
        "{near}塑料颗粒加工点约{n}平方米，排水发黑。",
    ),
    "roadside_building": (
        "{near}公路边搭建洗车棚约{n}平方米。",
        "{near}公路桥下搭建商铺约{n}平方米。",
        "{near}路肩外新建门面约{n}平方米，距路面很近。",
    ),
    "other": (
        "{near}有围挡施工约{n}平方米，用途不明，请核实。",
        "{near}反映邻里地界争议，涉及约{n}平方米。",
    ),
}
SIZES: Final[dict[str, tuple[int, int]]] = {  # square metres, from and to
    "livestock_farm": (200, 2500),
    "rural_dwelling": (80, 260),
    "rural_building": (150, 2000),
    "urban_building": (15, 160),
    "quarrying": (200, 5000),
    "land_clearing": (400, 8000),
    "dumping": (30, 900),
    "tomb": (4, 40),
    "orchard_pond": (600, 6000),
    "polluting_project": (300, 3000),
    "roadside_building": (30, 1600),
    "other": (20, 500),
}
WEIGHTS: Final[dict[str, int]] = {  # relative frequency of a category
    "livestock_farm": 12,
    "rural_dwelling": 20,
    "rural_building": 16,
    "urban_building": 10,
    "quarrying": 6,
    "land_clearing": 9,
    "dumping": 14,
    "tomb": 5,
    "orchard_pond": 6,
    "polluting_project": 5,
    "roadside_building": 9,
    "other": 6,
}
